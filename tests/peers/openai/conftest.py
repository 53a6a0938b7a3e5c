"""A hub as people start it, with a fake model behind: what other people's clients are tried on, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from tests.fakes.model import FakeModel
from tests.journeys.running import RunningProcess, running

SETTINGS = """
[[models]]
name = "main"
id = "fake-model"
base_url = "{model}"
api_key = "sk-the-hubs-own"
attempts = 1
first_byte_timeout = 1.0
timeout = 1.0

[[models]]
name = "org/spare"
id = "spare-model"
base_url = "{model}"
api_key = "sk-the-hubs-own"
attempts = 1
temperature = 0.5
max_tokens = 99

[[models]]
name = "old"
id = "old-model"
base_url = "{model}"
api_key = "sk-the-hubs-own"
api = "completions"
attempts = 1
"""


@dataclass
class World:
    """The hub at ``url`` (with /v1), and the model that it asks."""

    url: str
    model: FakeModel
    process: RunningProcess

    def token(self, *options: str) -> str:
        """The secret of a new token."""
        made = self.process.command("token", "create", "test", *options)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    @property
    def asked(self) -> dict[str, object]:
        """The body of the last request to the model."""
        body = self.model.requests[-1].body
        assert isinstance(body, dict)
        return body


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("hub")
    fake = FakeModel()
    with start_blocking_portal() as portal:
        portal.call(fake.start)
        (folder / "hubbub.toml").write_text(SETTINGS.format(model=fake.url), encoding="utf-8")
        with running(folder) as process:
            yield World(f"{process.url}/v1", fake, process)
        portal.call(fake.stop)


@pytest.fixture
def world(hub: World) -> World:
    """The same hub for all, with a model that answers as it does by itself."""
    hub.model.behave()
    hub.model.requests.clear()
    return hub
