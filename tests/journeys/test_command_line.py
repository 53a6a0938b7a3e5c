"""From the command line alone: start a hub, talk to it in every way that the README shows, stop it."""

from __future__ import annotations

import base64
import json
import re
import shlex
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from tests.fakes.model import FakeModel
from tests.journeys.running import RunningProcess, running

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def model() -> Iterator[FakeModel]:
    fake = FakeModel()
    with start_blocking_portal() as portal:
        portal.call(fake.start)
        yield fake
        portal.call(fake.stop)


@pytest.fixture
def hub(tmp_path: Path, model: FakeModel) -> Iterator[RunningProcess]:
    environ = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-test", "HUBBUB_MODEL": "small"}
    with running(tmp_path, **environ) as process:
        assert process.url
        yield process


def curl(line: str, at: str) -> tuple[int, str]:
    """What a `curl` of the README does, sent to the hub under test."""
    words = shlex.split(line)
    url = re.sub(r"^http://[^/]+", at, next(word for word in words if word.startswith("http")))
    headers = {key: value.strip() for key, _, value in (words[at + 1].partition(":") for at in _places(words, "-H"))}
    data = [words[at + 1].encode() for at in _places(words, "-d")]
    request = urllib.request.Request(url, data[0] if data else None, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, answer.read().decode()


def _places(words: list[str], option: str) -> list[int]:
    return [place for place, word in enumerate(words) if word == option]


def test_the_hub_says_where_it_serves_which_model_and_why_and_the_secret_once(hub: RunningProcess) -> None:
    assert hub.printed(r"serves (http://127\.0\.0\.1:\d+)")
    assert "is set" in hub.printed(r"Model: small \((.*)\)")
    secret = hub.printed(r"Admin secret[^:]*: (\S{16,})")
    assert hub.stop() == 0
    assert "\n".join(hub.lines).count(secret) == 1


def until_it_counts(url: str, secret: str) -> None:
    """It is shown before it is stored, so that none is stored that nobody saw."""
    credentials = base64.b64encode(f"admin:{secret}".encode()).decode()
    request = urllib.request.Request(f"{url}/api/v1/tokens", headers={"Authorization": f"Basic {credentials}"})
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(request, timeout=20):
                return
        except urllib.error.HTTPError as error:
            error.close()
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_the_second_start_shows_no_secret(hub: RunningProcess, tmp_path: Path) -> None:
    secret = hub.printed(r"Admin secret[^:]*: (\S{16,})")
    until_it_counts(hub.url, secret)
    assert hub.stop() == 0
    with running(tmp_path, OPENAI_BASE_URL="http://127.0.0.1:9/v1") as again:
        assert again.command("doctor").stdout
        assert again.stop() == 0
    assert not any("Admin secret" in line for line in again.lines)


def test_what_the_readme_sends_over_http_is_answered(hub: RunningProcess) -> None:
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    shown = [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.startswith("curl")]
    assert shown
    for line in shown:
        status, body = curl(line, hub.url)
        assert status == 200
        assert json.loads(body)["replies"][0]["text"] == "LLM-OK Say hello"
        again = json.loads(curl(line, hub.url)[1])
        assert again["duplicate"] is True
        assert again["replies"][0]["text"] == "LLM-OK Say hello"


def test_what_the_readme_says_of_commands_works_beside_the_hub(hub: RunningProcess, model: FakeModel) -> None:
    done = hub.command("chat", "--once", "Say hello")
    assert (done.returncode, done.stdout) == (0, "LLM-OK Say hello\n")
    assert done.stderr.startswith("model: small (")
    assert model.count == 1
    assert hub.command("chat", text="/echo typed\n/quit\n").stdout == "typed\n"
    assert hub.command("deliveries", "list", "--json").stdout == ""
    assert "small" in hub.command("models", "list").stdout
    secret = hub.command("token", "create", "phone").stdout.strip()
    request = urllib.request.Request(f"{hub.url}/api/v1/models", headers={"Authorization": f"Bearer {secret}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    doctor = hub.command("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "runs at" in doctor.stdout


def test_a_second_hub_on_the_same_data_is_refused(hub: RunningProcess) -> None:
    done = hub.command("run", "--port", "0")
    assert done.returncode == 4
    assert "another hub" in done.stderr


def test_a_port_in_use_is_refused(hub: RunningProcess, tmp_path: Path) -> None:
    port = hub.url.rpartition(":")[2]
    done = hub.command("run", "--port", port, "--data-dir", str(tmp_path / "other"))
    assert done.returncode == 3
    assert "in use" in done.stderr


def test_commands_find_the_data_of_a_hub_that_was_killed(hub: RunningProcess) -> None:
    assert hub.command("chat", "--once", "before").returncode == 0
    hub.kill()
    assert hub.command("deliveries", "list").stdout == "none\n"
    done = hub.command("chat", "--once", "after")
    assert (done.returncode, done.stdout) == (0, "LLM-OK after\n")
