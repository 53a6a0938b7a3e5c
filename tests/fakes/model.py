"""A strict model server of the OpenAI kind on loopback, fast enough to measure against.

In a test: ``async with FakeModel() as fake: fake.url``; it answers ``LLM-OK <last user text>`` and refuses with 400
what the real API refuses. ``fake.behave(...)`` changes how it answers, ``fake.fail(...)`` makes the next requests go
wrong, ``fake.requests`` holds what was asked.

As a process: ``python -m tests.fakes.model --port N``; the same by ``POST /__behave``, ``POST /__fail`` (JSON of the
arguments) and ``GET /__stats``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import random
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import orjson
from typing_extensions import override

from tests.fakes import model_answers as answers

Fault = Literal[
    "timeout",  # takes the request and never answers
    "disconnect",  # closes the connection without an answer
    "empty_body",  # 200 and nothing
    "empty_choices",
    "empty_content",
    "not_json",
    "html",
    "error_200",  # 200 with an error object, in the stream if it is one
    "cut_stream",  # closes half-way, in the middle of an event
    "stop_stream",  # ends the body properly, without finish and [DONE]
    "stall_stream",  # half an answer, then nothing, with the connection open
    "broken_sse",  # half an answer, then an event that is no JSON
]
KEEP = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Behaviour:
    """How answers are made. Times in milliseconds, rates from 0 to 1."""

    marker: str = "LLM-OK"
    reply: str | None = None
    reasoning: str = ""
    reasoning_field: str = "reasoning_content"
    tool_calls: list[dict[str, str]] = field(default_factory=list)
    uses: list[dict[str, str]] = field(default_factory=list)  # made once a question, where such tools are offered
    no_tools: bool = False  # refuses requests that offer tools
    wants_thoughts: bool = False  # refuses calls of tools without what was thought before them
    choice: dict[str, Any] = field(default_factory=dict)  # more fields of every choice
    finish: str = ""
    cached_tokens: int = 0
    deepseek_cache: bool = False
    usage: bool = True
    done: bool = True
    first_ms: float = 0.0
    gap_ms: float = 0.0
    piece_words: int = 1
    keys: tuple[str, ...] = ()
    models: tuple[str, ...] = ("fake-model",)
    prefix: str = "/v1"
    check: bool = True
    faults: dict[str, float] = field(default_factory=dict)
    seed: int = 1


@dataclass(slots=True)
class Planned:
    """Requests that shall go wrong: a fault, or an HTTP status with an error's body."""

    kind: Fault | int
    times: int = 1
    retry_after: str = ""
    message: str = "injected"
    code: str = ""
    param: str = ""
    key: str = ""


class FakeModel:
    """The server and its state; one per test."""

    def __init__(self, port: int = 0, **behaviour: Any) -> None:
        self.port = port
        self.behaviour = Behaviour(**behaviour)
        self.requests: deque[Asked] = deque(maxlen=KEEP)
        self.count = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.aborted = 0
        self.connections = 0
        self.open: set[asyncio.Transport] = set()
        self._planned: list[Planned] = []
        self._random = random.Random(self.behaviour.seed)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The base URL, with /v1."""
        return f"http://127.0.0.1:{self.port}{self.behaviour.prefix}"

    def behave(self, **behaviour: Any) -> None:
        """Answer like this from now on; what is not named goes back to its default."""
        self.behaviour = Behaviour(**behaviour)
        self._random = random.Random(self.behaviour.seed)

    def fail(self, kind: Fault | int, times: int = 1, **more: Any) -> None:
        """Let the next ``times`` requests go wrong (with ``key``: only those made with that key)."""
        self._planned.append(Planned(kind, times, **more))

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=4096)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for transport in list(self.open):
                transport.abort()
            await self._server.wait_closed()

    async def __aenter__(self) -> FakeModel:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def next_fault(self, key: str) -> Planned | None:
        """What shall go wrong with this request."""
        for planned in self._planned:
            if planned.times and planned.key in ("", key):
                planned.times -= 1
                return planned
        draw = self._random.random() if self.behaviour.faults else 1.0
        for name, rate in self.behaviour.faults.items():
            if draw < rate:
                return Planned(int(name) if name.isdecimal() else name)  # type: ignore[arg-type]
            draw -= rate
        return None

    def refusal(self, api: str, body: dict[str, Any]) -> tuple[str, str] | None:
        """(message, param) of what the API would not take."""
        if self.behaviour.no_tools and body.get("tools"):
            return f"{body['model']} does not support tools", ""
        if self.behaviour.wants_thoughts and not _thoughtful(body):
            return "The `reasoning_content` in the thinking mode must be passed back to the API.", ""
        if not self.behaviour.check:
            return None
        from tests.fakes import model_rules  # the package of types takes a second to import

        try:
            model_rules.check(api, body)
        except model_rules.Refused as error:
            return str(error), error.param
        return None

    def stats(self) -> dict[str, Any]:
        return {
            "requests": self.count,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "aborted": self.aborted,
            "behaviour": dataclasses.asdict(self.behaviour),
        }


def _thoughtful(body: dict[str, Any]) -> bool:
    """The calls since the last question have their thoughts, which are taken out: the types know nothing of them."""
    messages = body["messages"]
    asked = max((at for at, each in enumerate(messages) if each["role"] == "user"), default=0)
    return all(each.pop("reasoning_content", "") for each in messages[asked:] if each.get("tool_calls"))


class _Connection(asyncio.Protocol):
    """One HTTP/1.1 connection; its requests are answered one after another."""

    def __init__(self, fake: FakeModel) -> None:
        self.fake = fake
        self.buffer = bytearray()
        self.busy = False
        self.transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no instance of it
        self.fake.open.add(self.transport)
        self.fake.connections += 1

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self.transport is not None:
            self.fake.open.discard(self.transport)
        self.transport = None
        if self.busy:
            self.fake.aborted += 1
            self._done()

    @override
    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self._next()

    def _next(self) -> None:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body_end = end + 4 + int(headers.get("content-length", "0"))
        if len(self.buffer) < body_end:
            return
        body = bytes(self.buffer[end + 4 : body_end])
        del self.buffer[:body_end]
        method, path, _ = first.split(" ")
        self.busy = True
        self.fake.in_flight += 1
        self.fake.most_in_flight = max(self.fake.most_in_flight, self.fake.in_flight)
        self._route(method, path.partition("?")[0], headers, body)

    def _route(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> None:
        fake = self.fake
        try:
            body = orjson.loads(raw) if raw else None
        except orjson.JSONDecodeError:
            self._error(400, "We could not parse the JSON body of your request.")
            return
        if path.startswith("/__"):
            self._control(path, body)
            return
        fake.count += 1
        fake.requests.append(Asked(path, headers, body))
        known, key = fake.behaviour, headers.get("authorization", "").removeprefix("Bearer ")
        fault = fake.next_fault(key)
        if fault is not None and not str(fault.kind).endswith(("stream", "sse")):
            self._fail(fault, streamed=bool(body and body.get("stream")))
        elif known.keys and key not in known.keys:
            self._error(401, f"Incorrect API key provided: {key}.", code="invalid_api_key")
        elif method == "GET" and path == f"{known.prefix}/models":
            self.reply(200, answers.models(known.models))
        elif body is not None and path in (f"{known.prefix}/chat/completions", f"{known.prefix}/completions"):
            self._complete("chat" if "chat" in path else "completions", body, fault)
        elif body is not None and path == f"{known.prefix}/embeddings":
            self._embed(body)
        else:
            self._error(404, f"Invalid URL ({method} {path})")

    def _control(self, path: str, body: Any) -> None:
        if path == "/__behave":
            self.fake.behave(**(body or {}))
        elif path == "/__fail":
            self.fake.fail(**body)
        self.reply(200, self.fake.stats())

    def _fail(self, fault: Planned, *, streamed: bool) -> None:
        kind = fault.kind
        if isinstance(kind, int):
            extra = f"retry-after: {fault.retry_after}\r\n" if fault.retry_after else ""
            self._error(kind, fault.message, code=fault.code, param=fault.param, extra=extra)
        elif kind == "disconnect":
            assert self.transport is not None
            self.transport.abort()
        elif kind != "timeout":
            kinds = answers.EMPTY_STREAMS if streamed else answers.EMPTY
            body, content_type = kinds[kind]
            self._write(200, body, content_type)

    def _embed(self, body: dict[str, Any]) -> None:
        refusal = self.fake.refusal("embeddings", body)
        if refusal is not None:
            self._error(400, refusal[0], param=refusal[1], code="invalid_value")
        else:
            self.reply(200, answers.vectors(body))

    def _complete(self, api: Literal["chat", "completions"], body: dict[str, Any], fault: Planned | None) -> None:
        refusal = self.fake.refusal(api, body)
        if refusal is not None:
            self._error(400, refusal[0], param=refusal[1], code="invalid_value")
            return
        known = self.fake.behaviour
        answer = answers.Answer(api, known, body)
        call_later = asyncio.get_running_loop().call_later
        if body.get("stream"):
            pieces, end = answers.spoilt(answer.pieces(), str(fault.kind) if fault else "")
            self._write_raw(answers.STREAM_HEAD)
            if known.first_ms or known.gap_ms:
                call_later(known.first_ms / 1000, self._stream, deque(pieces), end)
            else:
                self._stream(deque([b"".join(pieces)]), end)
            return
        wait = known.first_ms + known.gap_ms * answer.length
        if wait:
            call_later(wait / 1000, self.reply, 200, answer.whole())
        else:
            self.reply(200, answer.whole())

    def _stream(self, pieces: deque[bytes], end: str) -> None:
        """Write the pieces one by one; then ``end``: "" the answer is done, "cut" the connection, "stall" for ever."""
        if self.transport is None:
            return
        self._write_raw(pieces.popleft())
        if pieces:
            asyncio.get_running_loop().call_later(self.fake.behaviour.gap_ms / 1000, self._stream, pieces, end)
        elif end == "cut":
            self.transport.close()
        elif not end:
            self._done()

    def reply(self, status: int, document: Any, extra: str = "") -> None:
        self._write(status, orjson.dumps(document), "application/json", extra)

    def _error(self, status: int, message: str, *, code: str = "", param: str = "", extra: str = "") -> None:
        kind = "invalid_request_error" if status < 429 else "server_error"
        error = {"message": message, "type": kind, "param": param or None, "code": code or None}
        self.reply(status, {"error": error}, extra)

    def _write(self, status: int, body: bytes, content_type: str, extra: str = "") -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\n{extra}content-length: {len(body)}\r\n\r\n"
        self._write_raw(head.encode("latin-1") + body)
        self._done()

    def _write_raw(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def _done(self) -> None:
        if self.busy:
            self.busy = False
            self.fake.in_flight -= 1
        if self.buffer and self.transport is not None:
            self._next()


async def serve(port: int, **behaviour: Any) -> None:
    """Serve until cancelled; one line on stdout says where."""
    async with FakeModel(port, **behaviour) as fake:
        sys.stdout.write(f"fake model on {fake.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="a fake model server on loopback")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--first-ms", type=float, default=0.0, help="milliseconds until the first token")
    parser.add_argument("--gap-ms", type=float, default=0.0, help="milliseconds between tokens")
    parser.add_argument("--lenient", action="store_true", help="do not check requests (starts a second sooner)")
    options = parser.parse_args()
    run: Callable[..., Any] = asyncio.run
    try:
        import uvloop

        run = uvloop.run
    except ModuleNotFoundError:
        pass
    with contextlib.suppress(KeyboardInterrupt):
        run(serve(options.port, first_ms=options.first_ms, gap_ms=options.gap_ms, check=not options.lenient))


if __name__ == "__main__":
    main()
