"""A running hub on this machine, reached over its own HTTP API as its admin."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hubbub.api import local
from hubbub.cli.outcome import Failure
from hubbub.settings import Settings

ROOT = "/api/v1"
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 660.0  # an answer of a slow model, and the hub's own limit for a request


class Refused(Failure):
    """The hub's answer is an error; ``status`` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RunningHub:
    """Calls of the API. Every method raises Failure when the hub refuses, with what it said."""

    def __init__(self, admin: local.LocalAdmin) -> None:
        """``admin`` is what the hub wrote into its data folder."""
        self._admin = admin
        self.url = admin.url

    @classmethod
    def find(cls, settings: Settings) -> RunningHub | None:
        """The hub that works on this data folder; None if none does.

        The file in the folder may be left over from a hub that was killed, and its port be another's by now.
        """
        admin = local.read(settings.server.data_dir)
        if admin is None or not _listens(admin.url):
            return None
        hub = cls(admin)
        try:
            hub.status()
        except Refused as error:
            if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
                return None
        return hub

    def status(self) -> Any:
        """How the hub is doing."""
        return self.get("/status")

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """What a GET answers."""
        listed = {key: value for key, value in (query or {}).items() if value not in (None, "", [])}
        return self._call("GET", f"{path}?{urlencode(listed, doseq=True)}" if listed else path)

    def post(self, path: str, body: object = None) -> Any:
        """What a POST answers."""
        return self._call("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        """What a PUT answers."""
        return self._call("PUT", path, body)

    def delete(self, path: str) -> None:
        """DELETE something."""
        self._call("DELETE", path)

    def pages(self, path: str, key: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """All elements of a list that comes in pages."""
        after = 0
        while True:
            page = self.get(path, {**query, "after": after})
            yield from page[key]
            if not page.get("next"):
                return
            after = page["next"]

    def events(self, path: str, body: object) -> Iterator[tuple[str, dict[str, Any]]]:
        """Server-sent events of a POST, by name, as they come."""
        with self._request("POST", path, body) as response:
            name = ""
            for raw in response:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    yield name, json.loads(line[5:])

    def _call(self, method: str, path: str, body: object = None) -> Any:
        with self._request(method, path, body) as response:
            answer = response.read()
        return json.loads(answer) if answer else None

    @contextmanager
    def _request(self, method: str, path: str, body: object) -> Iterator[http.client.HTTPResponse]:
        connection = self._connect()
        headers = {"Authorization": f"Bearer {self._admin.token}", "Accept-Encoding": "identity"}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            connection.request(method, quote(ROOT + path, safe="/?&=%:,+"), data, headers)
            response = connection.getresponse()
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise Refused(response.status, _refusal(response))
            yield response
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            message = f"the hub at {self.url} does not answer ({reason}); look into its log, or stop it and try again"
            raise Failure(message) from error
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._admin.url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        # On loopback the certificate's fingerprint, from a file only its owner can read, stands for its name.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=ANSWER_SECONDS, context=context)
        connection.connect()
        certificate = connection.sock.getpeercert(binary_form=True) or b""
        if hashlib.sha256(certificate).hexdigest() != self._admin.certificate:
            connection.close()
            message = f"what listens at {self.url} is not the hub of this data folder"
            raise Failure(message)
        return connection


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 80), CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _refusal(response: http.client.HTTPResponse) -> str:
    text = response.read(100_000).decode("utf-8", "replace")
    try:
        error = json.loads(text)["error"]
        trail = f" (error {error['id']})" if error.get("id") else ""
        return f"{error['message']}{trail}"
    except (ValueError, KeyError, TypeError):
        return f"the hub refused: HTTP {response.status} {text[:200]}"
