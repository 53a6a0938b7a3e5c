"""Commands beside a running hub ask that hub."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubbub.api import local
from hubbub.cli.commands import app
from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Text
from hubbub.core.work import GivenUp, State
from tests.fakes.doors import Doors, MemoryHub
from tests.unit.cli.beside import beside

ROOM = Room("loopback", "me", "group", "7")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def hub(data: Path) -> Iterator[Doors]:
    with beside(MemoryHub(pieces=("echo: ", "hel")), data) as running:
        yield running


def hubbub(*arguments: str, code: int = 0, typed: str = "") -> tuple[str, str]:
    result = CliRunner().invoke(app, arguments, input=typed)
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def test_once_prints_the_answer_and_says_the_model_elsewhere(hub: Doors) -> None:
    out, err = hubbub("chat", "--once", "hello")
    assert out == "echo: hello\n"
    assert err == "model: demo <model> (no key is set)\n"
    assert len(hub.hub.entries) == 1
    assert hubbub("chat", "--once", "-", typed="two\nlines")[0] == "echo: hel\necho: two\nlines\n"
    assert "nothing to send" in hubbub("chat", "--once", " ", code=1)[1]


def test_whose_conversation_it_is_can_be_said(hub: Doors) -> None:
    hubbub("chat", "--once", "hello")
    hubbub("chat", "--once", "hello", "--owner", "anna", "--conversation", "work")
    first, second = (entry.event.room for entry in hub.hub.entries.values())
    assert (first.platform, first.id, first.thread) == ("http", "terminal", "")
    assert (second.platform, second.id, second.thread) == ("http", "anna", "work")


def test_a_conversation_is_typed_line_by_line(hub: Doors) -> None:
    typed = 'hello\n\none\\\ntwo\n"""\nthree\n\nfour"""\n/quit\nnever sent\n'
    out, err = hubbub("chat", typed=typed)
    sent = [entry.event.message[0] for entry in hub.hub.entries.values() if entry.event.type == "received"]
    assert sent == [Text("hello"), Text("one\ntwo"), Text("three\n\nfour")]
    assert "echo: hello\n" in out
    assert "echo: three\n\nfour\n" in out
    assert "/help" in err


def test_a_refusal_of_the_hub_is_told(hub: Doors) -> None:
    hub.hub.overloaded = True
    assert "The hub is busy" in hubbub("chat", "--once", "hello", code=1)[1]


def test_deliveries_come_from_the_hub(hub: Doors) -> None:
    rows = [hub.hub.store.outbox.put(ROOM, (Text(f"text {number}"),), State.UNKNOWN) for number in range(3)]
    listed = [json.loads(line) for line in hubbub("deliveries", "list", "--json")[0].splitlines()]
    assert [row["id"] for row in listed] == [row.id for row in rows]
    assert {"id", "platform", "account", "room", "state", "text", "created_at"} <= set(listed[0])
    assert "text 1" in hubbub("deliveries", "show", str(rows[1].id))[0]
    assert "queued" in hubbub("deliveries", "retry", str(rows[0].id))[0]
    assert "dropped" in hubbub("deliveries", "drop", str(rows[1].id))[0]
    assert hub.hub.calls == [("resend", rows[0].id), ("cancel", rows[1].id)]
    assert "no delivery 99" in hubbub("deliveries", "show", "99", code=1)[1]


def test_a_long_list_comes_in_pages(hub: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.cli.deliveries.PAGE", 2)
    for number in range(5):
        hub.hub.store.outbox.put(ROOM, (Text(str(number)),), State.DEAD)
    assert len(hubbub("deliveries", "list", "--json")[0].splitlines()) == 5
    assert len(hubbub("deliveries", "list", "--json", "--limit", "3")[0].splitlines()) == 3


def test_what_was_given_up_comes_from_the_hub(hub: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.cli.deliveries.PAGE", 2)
    said = Received("1", ROOM, Author("anna"), (Text("poison"),), 1.0, "m1")
    hub.hub.store.inbox.dead = [GivenUp(number, "lane", said, "why", 2.0) for number in range(1, 6)]
    hub.hub.store.inbox.dead.append(GivenUp(6, "lane", None, "it cannot be read", 2.0))
    rows = [json.loads(line) for line in hubbub("deliveries", "given-up", "--json")[0].splitlines()]
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert (rows[0]["text"], rows[0]["author"], rows[0]["accepted_at"]) == ("poison", "anna", 2.0)
    assert (rows[5]["text"], rows[5]["room"], rows[5]["error"]) == ("", "", "it cannot be read")
    assert len(hubbub("deliveries", "given-up", "--json", "--limit", "3")[0].splitlines()) == 3


def test_tokens_come_from_the_hub(hub: Doors) -> None:
    secret = hubbub("token", "create", "phone", "--owner", "anna")[0].strip()
    (token,) = hub.hub.store.secrets.by_digest.values()
    assert (token.name, token.scopes, token.owner) == ("phone", ("messages", "openai"), "anna")
    assert secret not in hubbub("token", "list", "--json")[0]
    hubbub("token", "revoke", token.id)
    assert hub.hub.store.secrets.by_digest == {}


@pytest.mark.usefixtures("hub")
def test_doctor_sees_the_hub() -> None:
    found = {each["name"]: each for each in map(json.loads, hubbub("doctor", "--json")[0].splitlines())}
    assert "runs at http://127.0.0.1" in found["hub"]["text"]
    assert found["account http/local"]["outcome"] == "ok"
    assert "port" not in found


def test_a_file_left_by_a_killed_hub_is_no_hub(data: Path) -> None:
    data.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    local.write(data, f"http://127.0.0.1:{port}")
    assert "no data" in hubbub("deliveries", "list", code=1)[1]


def test_another_hub_at_the_old_port_is_not_this_one(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with beside(MemoryHub(), other) as running:
        data.mkdir()
        local.write(data, running.url)
        assert "no data" in hubbub("deliveries", "list", code=1)[1]


def _heeds_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_the_answer_with_the_stop_command(hub: Doors, tmp_path: Path) -> None:
    hub.hub.go.clear()
    command = [sys.executable, "-m", "hubbub", "chat", "--once", "long story"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
    pipe = subprocess.PIPE
    # Tests that run in the background of a shell ignore the signal, and so would whatever they start.
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=pipe, stderr=pipe, preexec_fn=_heeds_ctrl_c
    ) as chat:
        deadline = time.monotonic() + 20
        while not hub.hub.entries and time.monotonic() < deadline:
            time.sleep(0.02)
        chat.send_signal(signal.SIGINT)
        while len(hub.hub.entries) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        hub.hub.go.set()
        assert chat.wait(20) == 130
    asked = [entry.event.message[0] for entry in hub.hub.entries.values() if entry.event.type == "received"]
    assert asked == [Text("long story"), Text("/stop")]


def test_alive_is_told_by_the_exit_code(hub: Doors, data: Path) -> None:
    assert hub.url in hubbub("doctor", "--alive")[0]
    assert json.loads(hubbub("doctor", "--alive", "--json")[0])["outcome"] == "ok"
    assert "none runs" in hubbub("doctor", "--alive", "--data-dir", str(data / "other"), code=1)[0]
