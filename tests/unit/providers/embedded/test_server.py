"""The real model in its real child process; its weights are fetched once and kept in .cache of the repository."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from hubbub.core.models import Endpoint, ModelSpec
from hubbub.core.turns import ChatRequest, Turn
from hubbub.providers.embedded import server as module
from hubbub.providers.embedded.failures import EmbeddedError
from hubbub.providers.embedded.package import weights
from hubbub.providers.embedded.server import EmbeddedServer
from hubbub.providers.openai_compatible.client import OpenAICompatible

MODELS = Path(__file__).parents[4] / ".cache" / "models"
SPEC = ModelSpec("demo", provider="embedded")

pytest.importorskip("xllamacpp")


@pytest.fixture(scope="session")
def models() -> Path:
    try:
        asyncio.run(weights(MODELS))
    except EmbeddedError as error:
        pytest.skip(f"no weights: {error}")
    return MODELS


@pytest.fixture
async def server(models: Path) -> AsyncIterator[EmbeddedServer]:
    server = EmbeddedServer(SPEC, models)
    yield server
    await server.close()


def ended(pid: int, within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


async def ask(client: OpenAICompatible, *, stream: bool = False) -> str:
    request = ChatRequest("demo", (Turn("user", "Say hello"),), stream=stream)
    return "".join([delta.content async for delta in client.stream(request)])


async def get(endpoint: Endpoint, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{endpoint.base_url}/models", headers=headers) as answer,
    ):
        return answer.status


async def test_a_real_model_answers_within_three_seconds_of_a_cold_start(server: EmbeddedServer) -> None:
    client = OpenAICompatible(SPEC, None, server)
    began = time.perf_counter()
    first = 0.0
    words = ""
    async for delta in client.stream(ChatRequest("demo", (Turn("user", "Say hello"),), stream=True)):
        first = first or (time.perf_counter() - began if delta.content else 0.0)
        words += delta.content
    await client.close()
    assert words.strip()
    assert 0 < first < 3


async def test_only_who_has_the_key_is_answered_and_only_on_loopback(server: EmbeddedServer) -> None:
    endpoint = await server.endpoint()
    assert endpoint.base_url.startswith("http://127.0.0.1:")
    assert len(endpoint.api_key) > 32
    assert [await get(endpoint, key) for key in ("", "guess", endpoint.api_key)] == [401, 401, 200]
    assert server.pid is not None
    process = psutil.Process(server.pid)
    assert {connection.laddr.ip for connection in process.net_connections() if connection.status == "LISTEN"} == {
        "127.0.0.1"
    }
    assert endpoint.api_key not in " ".join([*process.cmdline(), *process.environ().values()])
    assert os.getpgid(server.pid) != os.getpgid(0)


async def test_one_child_serves_all_and_is_started_once(server: EmbeddedServer) -> None:
    endpoints = await asyncio.gather(*(server.endpoint() for _ in range(5)))
    assert len(set(endpoints)) == 1
    pid = server.pid
    await server.endpoint()
    assert server.pid == pid


async def test_a_child_that_died_is_started_again(server: EmbeddedServer) -> None:
    client = OpenAICompatible(SPEC, None, server, backoff=0.05)
    await ask(client)
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert await ask(client)
    assert server.pid not in (None, first)
    await client.close()
    assert server.pid is None


async def test_closing_leaves_nothing_behind(server: EmbeddedServer) -> None:
    await server.endpoint()
    pid = server.pid
    assert pid is not None
    await server.close()
    assert ended(pid)
    with pytest.raises(EmbeddedError, match="stopping"):
        await server.endpoint()


PARENT = """
import asyncio, sys
from pathlib import Path
from hubbub.core.models import ModelSpec
from hubbub.providers.embedded.server import EmbeddedServer

async def main():
    server = EmbeddedServer(ModelSpec("orphan", provider="embedded"), Path(sys.argv[1]))
    await server.endpoint()
    print(server.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_the_child_dies_with_the_hub(models: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(models)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
        parent.wait()
    assert ended(pid)


async def test_a_caller_who_gives_up_leaves_no_child(models: Path) -> None:
    server = EmbeddedServer(SPEC, models)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await server.endpoint()
    assert server.pid is None
    await server.endpoint()
    await server.close()


async def test_weights_that_cannot_be_loaded_are_said(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(5000))
    server = EmbeddedServer(ModelSpec("broken", provider="embedded", path="broken.gguf"), tmp_path)
    with pytest.raises(EmbeddedError, match=r"cannot load .*broken\.gguf") as error:
        await server.endpoint()
    assert "broken.log" in str(error.value)
    assert "failed to load model" in (tmp_path / "broken.log").read_text()
    assert server.pid is None
    await server.close()


async def test_a_file_that_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    server = EmbeddedServer(ModelSpec("other", provider="embedded", path="other.gguf"), tmp_path)
    with pytest.raises(EmbeddedError, match="hubbub models pull"):
        await server.endpoint()


async def test_a_model_of_ones_own_is_found_by_its_file(models: Path) -> None:
    server = EmbeddedServer(ModelSpec("own", provider="embedded", path="SmolLM2-135M-Instruct.Q4_1.gguf"), models)
    client = OpenAICompatible(ModelSpec("own", provider="embedded"), None, server)
    assert (await ask(client)).strip()
    await client.close()


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        ("ModuleNotFoundError('not here')", r"install hubbub\[embedded\]"),
        ("ImportError('libgomp.so.1: cannot open shared object file')", "apt install libgomp1"),
    ],
)
async def test_a_missing_library_is_said_with_what_to_do(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, remedy: str
) -> None:
    (tmp_path / "xllamacpp.py").write_text(f"raise {fault}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = EmbeddedServer(SPEC, models)
    with pytest.raises(EmbeddedError, match=remedy):
        await server.endpoint()
    await server.close()


async def test_a_child_that_never_gets_ready_is_ended(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "xllamacpp.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(module, "LONGEST_START", 0.5)
    monkeypatch.setattr(module, "LONGEST_STOP", 0.2)
    server = EmbeddedServer(SPEC, models)
    with pytest.raises(EmbeddedError, match="not loaded within"):
        await server.endpoint()
    assert server.pid is None


async def test_the_child_knows_no_secrets_of_the_hub(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    await server.endpoint()
    assert server.pid is not None
    assert "sk-very-secret" not in psutil.Process(server.pid).environ().values()


async def test_everybody_who_asks_while_it_starts_gets_the_same_address(server: EmbeddedServer) -> None:
    first = asyncio.create_task(server.endpoint())
    addresses: list[asyncio.Task[Endpoint]] = []
    while not first.done():
        addresses.append(asyncio.create_task(server.endpoint()))
        await asyncio.sleep(0.005)
    assert len(addresses) > 3
    assert {endpoint.base_url for endpoint in await asyncio.gather(*addresses)} == {first.result().base_url}
    assert first.result().base_url.startswith("http://127.0.0.1:")
