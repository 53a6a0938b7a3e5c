"""The server as a whole: health, page, metrics, docs, platforms' routes, port, TLS, stopping."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.api.server import WebServer
from hubbub.api.services import ApiSettings
from hubbub.core.errors import ConfigError
from hubbub.core.ports import HANG_UP, Route
from hubbub.platforms.http.adapter import HttpPlatform
from hubbub.platforms.http.settings import HttpSettings
from tests.fakes.doors import Doors, MemoryHub, doors, services, until


async def get(at: Doors, path: str, **headers: str) -> tuple[int, str]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with at.client.get(at.url + path, headers=sent) as answer:
        return answer.status, await answer.text()


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def hook(scope: Any, receive: Any, send: Any) -> None:
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def silent(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "http.request"
    scope["extensions"][HANG_UP]()
    assert (await receive())["type"] == "http.disconnect"


ROUTES = (
    Route("/silent", silent, methods=("POST",)),
    Route("/onebot/v11/ws", echo, kind="websocket"),
    Route("/hooks/{name}", hook, methods=("POST",)),
)


# --- health, page, metrics, docs


async def test_health_needs_nothing_and_tells_nothing() -> None:
    async with doors(trusted=()) as at:
        assert await get(at, "/healthz", Host="any.example", Via="1.1 proxy") == (200, '{"status":"ok"}')
        assert await get(at, "/readyz") == (200, '{"status":"ready"}')
        at.hub.ready = False
        assert await get(at, "/readyz") == (503, '{"status":"not ready","reason":"the hub is stopping"}')
        assert (await get(at, "/healthz"))[0] == 200


async def test_metrics_are_private() -> None:
    async with doors(trusted=()) as at:
        assert (await get(at, "/metrics"))[0] == 401
        assert (await get(at, "/metrics", **await at.token("messages")))[0] == 403
        assert (await get(at, "/metrics", **await at.token("metrics")))[0] == 200


async def test_metrics_are_prometheus() -> None:
    from prometheus_client.parser import text_string_to_metric_families

    async with doors() as at:
        status, text = await get(at, "/metrics")
        assert status == 200
        families = {family.name: family for family in text_string_to_metric_families(text)}
        samples = [each for family in families.values() for each in family.samples]
        values = {(each.name, *sorted(each.labels.values())): each.value for each in samples}
        assert values["hubbub_ready",] == 1
        assert values["hubbub_entries_waiting",] == 1
        assert values["hubbub_account_up", "http", "local"] == 1
        assert values["hubbub_messages_total",] == 5
        assert families["hubbub_messages"].type == "counter"
        assert families["hubbub_lanes"].type == "gauge"
        assert values["hubbub_store_rows_unknown",] == 1
        assert values["hubbub_store_commits_total",] == 7
        assert values["process_resident_memory_bytes",] > 1e6
        assert values["hubbub_info", "0.1.0", "demo <model>"] == 1
        at.hub.store.broken = True
        assert (await get(at, "/metrics"))[0] == 503


async def test_docs_need_no_network() -> None:
    async with doors() as at:
        status, text = await get(at, "/docs")
        assert status == 200
        assert "POST /api/v1/messages" in text
        assert "Idempotency-Key" in text
        assert not re.search(r"<script|src=|href=.https?:", text)
        status, document = await get(at, "/openapi.json")
        assert status == 200
        assert set(json.loads(document)["components"]["securitySchemes"]) == {"token", "admin"}


async def test_the_readmes_list_every_route() -> None:
    from hubbub import api

    readmes = [path.read_text(encoding="utf-8") for path in Path(api.__file__).parent.glob("*/README.md")]
    listed = dict(
        re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` \| ([\w*]+) \|", "\n".join(readmes), re.MULTILINE)
    )
    async with doors() as at:
        document = json.loads((await get(at, "/openapi.json"))[1])
    served = {
        f"{method.upper()} {path}": operation["x-scope"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    # Not of the HTTP APIs' document: kept files, served before it is built, and a route for browsers' forms.
    apart = {"GET /files/{name}": "none", "POST /post": "messages"}
    assert listed == served | apart


async def test_unknown_paths_and_methods_are_json() -> None:
    async with doors() as at:
        for path, method, expected in (
            ("/nothing", "GET", "not_found"),
            ("/api/v1/nothing", "GET", "not_found"),
            ("/api/v1/status", "PATCH", "method_not_allowed"),
            ("/healthz", "POST", "method_not_allowed"),
        ):
            async with at.client.request(method, at.url + path) as answer:
                assert (await answer.json())["error"]["code"] == expected


# --- what is loaded when


def test_listening_loads_no_framework() -> None:
    """What is not needed to listen is imported on first use: it would double the time to start."""
    code = "import sys, hubbub.api.server, hubbub.api.local, hubbub.platforms.http.adapter; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=30, text=True)
    heavy = {"fastapi", "starlette", "prometheus_client", "argon2", "sqlalchemy", "aiohttp", "opentelemetry"}
    assert heavy.isdisjoint(loaded.stdout.split())


async def test_many_first_requests_build_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from hubbub.api import application

    built = []
    real = application.build_application

    def build(given: Any) -> Any:
        built.append(1)
        return real(given)

    monkeypatch.setattr(application, "build_application", build)
    async with doors() as at:
        answers = await asyncio.gather(*(get(at, "/api/v1/models") for _ in range(10)))
        assert {status for status, _ in answers} == {200}
        assert len(built) == 1


# --- routes of platforms


async def test_sockets_and_hooks_of_platforms_are_served() -> None:
    async with doors(routes=ROUTES) as at:
        async with at.client.ws_connect(at.url + "/onebot/v11/ws?access_token=x") as socket_:
            for text in ("one", "二", "x" * 100_000):
                await socket_.send_str(text)
                assert (await socket_.receive_str(timeout=5)) == text
        async with at.client.post(at.url + "/hooks/alarm", data=b"\xff\x00") as answer:
            assert await answer.read() == b"\xff\x00"


async def test_a_platform_hangs_up_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    async with doors(routes=ROUTES) as at:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await at.client.post(at.url + "/silent", data=b"x")
        async with at.client.post(at.url + "/hooks/alarm", data=b"y") as answer:
            assert await answer.read() == b"y"
    assert not caplog.records


async def test_sockets_of_pages_elsewhere_and_of_nobody_are_refused() -> None:
    async with doors(routes=ROUTES) as at:
        for path, headers, status in (
            ("/onebot/v11/ws", {"Origin": "https://evil.example"}, 403),
            ("/onebot/v11/ws", {"Origin": "http://evil.example", "Host": "evil.example"}, 403),
            ("/nothing", {}, 404),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await at.client.ws_connect(at.url + path, headers=headers)
            assert caught.value.status == status
        async with at.client.ws_connect(at.url + "/onebot/v11/ws", headers={"Origin": at.url}) as socket_:
            await socket_.send_str("own page")
            assert await socket_.receive_str(timeout=5) == "own page"


async def test_a_frame_that_is_too_large_closes_its_socket_alone() -> None:
    async with doors(routes=ROUTES, max_frame_bytes=1000) as at:
        path = at.url + "/onebot/v11/ws"
        async with at.client.ws_connect(path) as other, at.client.ws_connect(path) as socket_:
            await socket_.send_str("x" * 2000)
            message = await socket_.receive(timeout=5)
            assert message.type is aiohttp.WSMsgType.CLOSE
            assert message.data == 1009
            await other.send_str("still here")
            assert await other.receive_str(timeout=5) == "still here"


JUNK = (
    b"\x16\x03\x01\x02\x00\x01\x00",  # TLS to a plain port
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /%ff%fe%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET http://[broken/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /api/v1/messages HTTP/1.1\r\nHost: \xff\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /onebot/v11/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET /onebot/v11/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    b"\x00" * 5000,
)


async def test_junk_ends_its_own_connection_alone() -> None:
    async with doors(routes=ROUTES) as at:
        for junk in JUNK:
            reader, writer = await asyncio.open_connection("127.0.0.1", at.server.port)
            writer.write(junk)
            writer.write_eof()
            async with asyncio.timeout(30):
                answer = await reader.read()
            writer.close()
            assert not answer.startswith(b"HTTP/1.1 2"), junk
            assert b" 500 " not in answer[:20], junk
            assert (await get(at, "/healthz"))[0] == 200


async def test_secrets_in_a_query_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "hubbub")
    async with doors(routes=ROUTES) as at:
        async with at.client.ws_connect(at.url + "/onebot/v11/ws?access_token=s3cret"):
            pass
        await get(at, "/nothing?access_token=s3cret")
    assert "s3cret" not in caplog.text


# --- the port


def unbound(**settings: Any) -> WebServer:
    hub = MemoryHub()
    platform = HttpPlatform(HttpSettings(), hub.host)
    return WebServer(services(hub, platform, ApiSettings(**settings)))


async def test_a_port_in_use_is_said_before_anything_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = unbound(port=other.getsockname()[1])
        with pytest.raises(ConfigError, match="in use"):
            server.bind()


async def test_requests_queue_up_between_bind_and_run() -> None:
    server = unbound(port=0)
    server.bind()
    assert not server.listening.is_set()
    async with aiohttp.ClientSession() as client:
        asking = asyncio.create_task(client.get(server.url + "/healthz"))
        await asyncio.sleep(0.05)
        running = asyncio.create_task(server.run())
        assert (await asking).status == 200
        assert server.listening.is_set()
        server.stop()
        await running
    assert not server.listening.is_set()


async def test_a_port_that_was_never_used_is_given_back() -> None:
    server = unbound(port=0)
    server.bind()
    port = server.port
    server.stop()
    with socket.create_server(("127.0.0.1", port)):
        pass


# --- stopping


async def test_running_requests_may_end() -> None:
    async with doors() as at:
        at.hub.go.clear()
        asking = asyncio.create_task(at.client.post(at.url + "/api/v1/messages", json={"text": "a"}))
        await until(lambda: at.hub.accepted == 1)
        at.server.stop()
        await until(lambda: not _connects(at.server.port))
        at.hub.go.set()
        answer = await asking
        assert (await answer.json())["replies"][0]["text"] == "echo: a"


def _connects(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


async def test_what_does_not_end_is_cut_off_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async with doors(routes=ROUTES, stop_seconds=1) as at:
        at.hub.go.clear()
        asking = asyncio.create_task(at.client.post(at.url + "/api/v1/messages", json={"text": "a"}))
        streaming = await at.client.post(at.url + "/api/v1/messages", json={"text": "b", "stream": True})
        socket_ = await at.client.ws_connect(at.url + "/onebot/v11/ws")
        await until(lambda: at.hub.accepted == 2)
        at.server.stop()
        async with asyncio.timeout(30):
            assert (await socket_.receive()).data == 1012
            answer = await asking
            assert (answer.status, (await answer.json())["error"]["code"]) == (503, "stopping")
            assert b'"code":"stopping"' in (await streaming.read()).split(b"event: error")[1]
    assert "Traceback" not in caplog.text


async def test_cancelling_it_stops_it_too() -> None:
    server = unbound(port=0)
    running = asyncio.create_task(server.run())
    await server.listening.wait()
    port = server.port
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert not _connects(port)


async def test_cancelled_twice_it_gives_the_port_back_too() -> None:
    """As where a fault elsewhere ends the hub that is ending already."""
    server = unbound(port=0)
    server.bind()
    running = asyncio.create_task(server.run())
    await server.listening.wait()
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert not _connects(server.port)
    assert [each.fileno() for each in server._sockets] == [-1]


# --- TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    try:
        subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True, timeout=30)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return cert, key


async def test_own_tls(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    async with doors(tls_cert=cert, tls_key=key, routes=ROUTES) as at:
        assert at.url.startswith("https://")
        pinned = aiohttp.Fingerprint(bytes.fromhex(at.server.certificate))
        async with at.client.get(at.url + "/healthz", ssl=pinned) as answer:
            assert answer.status == 200
        async with at.client.ws_connect(at.url + "/onebot/v11/ws", ssl=pinned) as socket_:
            await socket_.send_str("x")
            assert await socket_.receive_str(timeout=5) == "x"
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await at.client.post(at.url + "/silent", data=b"x", ssl=pinned)
        with pytest.raises(aiohttp.ClientConnectorError):
            await at.client.get(at.url + "/healthz", ssl=ssl.create_default_context())


async def test_tls_files_that_do_not_fit_are_refused_before_the_port_is_taken(certificate: tuple[Path, Path]) -> None:
    cert, _ = certificate
    with pytest.raises(ConfigError, match=r"server\.tls_cert"):
        unbound(port=0, tls_cert=cert, tls_key=cert).bind()
