import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.providers.discovery.local import PLACES, LocalServer, Place, models_in, probe
from tests.fakes.model import FakeModel

TAGS = {"models": [{"name": "qwen3:8b", "model": "qwen3:8b"}, {"name": "nomic-embed-text:latest"}, {"name": "phi4"}]}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def test_the_places_are_where_people_run_them() -> None:
    assert [(place.name, place.port) for place in PLACES] == [
        ("Ollama", 11434),
        ("LM Studio", 1234),
        ("llama-server", 8080),
        ("vLLM", 8000),
    ]


async def test_servers_that_answer_are_found_in_order(session: aiohttp.ClientSession) -> None:
    async with FakeModel(models=("b",)) as second, FakeModel(models=("a", "text-embedding-x")) as first:
        places = [Place("First", first.port), Place("Nobody", 1), Place("Second", second.port)]
        found = await probe(session, places=places)
    assert found == (
        LocalServer("First", f"127.0.0.1:{first.port}", ("a",)),
        LocalServer("Second", f"127.0.0.1:{second.port}", ("b",)),
    )
    assert found[0].base_url == first.url


async def test_the_hub_does_not_find_itself(session: aiohttp.ClientSession) -> None:
    async with FakeModel() as fake:
        assert await probe(session, own_port=fake.port, places=[Place("Hub", fake.port)]) == ()
        assert fake.count == 0


async def test_the_look_is_short_whatever_is_there(session: aiohttp.ClientSession) -> None:
    async with FakeModel() as silent, FakeModel() as wrong, FakeModel() as good:
        silent.fail("timeout")
        wrong.fail("html")
        places = [Place("Silent", silent.port), Place("Wrong", wrong.port), Place("Good", good.port)]
        began = time.perf_counter()
        found = await probe(session, places=places, within=0.3)
        assert time.perf_counter() - began < 5
    assert [server.name for server in found] == ["Good"]


async def test_what_listens_may_be_anything(session: aiohttp.ClientSession) -> None:
    async def junk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\x00\xff")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(junk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await probe(session, places=[Place("Junk", port)]) == ()


@pytest.mark.parametrize(
    ("document", "models"),
    [
        (TAGS, ("qwen3:8b", "phi4")),
        ({"object": "list", "data": [{"id": "a"}, {"id": "b"}]}, ("a", "b")),
        ({"object": "list", "data": [{"id": "a", "owned_by": "hubbub"}]}, ()),
        ({"models": [], "data": []}, ()),
        ({"data": [1, None, {"id": 5}, {"id": ""}]}, ()),
        ({"data": "a"}, ()),
        ([], ()),
    ],
)
def test_lists_of_models(document: object, models: tuple[str, ...]) -> None:
    assert models_in(orjson.dumps(document)) == models


@given(st.binary(max_size=50))
def test_any_bytes_are_no_list_of_models(body: bytes) -> None:
    assert models_in(body) == ()
