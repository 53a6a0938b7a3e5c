"""Running a hub for real: its log, backups of it while it runs, its own certificate."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from tests.fakes.certificates import self_signed
from tests.fakes.model import FakeModel
from tests.journeys.running import HUBBUB, RunningProcess, clean, running


@pytest.fixture
def model() -> Iterator[FakeModel]:
    fake = FakeModel()
    with start_blocking_portal() as portal:
        portal.call(fake.start)
        yield fake
        portal.call(fake.stop)


@pytest.fixture
def environ(model: FakeModel) -> dict[str, str]:
    return {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-test", "HUBBUB_MODEL": "small"}


@pytest.fixture
def hub(tmp_path: Path, environ: dict[str, str]) -> Iterator[RunningProcess]:
    with running(tmp_path, **environ) as process:
        assert process.url
        yield process


def said(model: FakeModel) -> list[str]:
    """What the last request held of the conversation."""
    return [turn["content"] for turn in model.requests[-1].body["messages"] if turn["role"] != "system"]


def test_the_cause_of_an_error_is_found_by_the_id_that_the_person_was_told(
    hub: RunningProcess, model: FakeModel
) -> None:
    model.fail(400, times=9, message="no such engine")
    told = hub.command("chat", "--once", "Say hello").stdout
    number = told.partition("(error ")[2].partition(")")[0]
    assert number
    found = hub.command("logs", "--error", number)
    assert found.returncode == 0
    assert "no such engine" in found.stdout
    assert len(found.stdout.splitlines()) < 5
    assert number in json.loads(hub.command("logs", "--error", number, "--json").stdout)["message"]
    assert hub.command("logs", "--error", "00000000").returncode == 1


def test_who_asked_is_listed_and_can_be_forgotten(hub: RunningProcess, model: FakeModel) -> None:
    assert hub.command("chat", "--once", "my secret", "--owner", "anna").returncode == 0
    (user,) = map(json.loads, hub.command("user", "list", "--json").stdout.splitlines())
    assert (user["messages"], user["tokens"] > 0) == (1, True)
    shown = json.loads(hub.command("user", "show", user["owner"], "--json").stdout)
    assert shown["conversations"] == 1
    assert hub.command("user", "forget", user["owner"], "--yes").returncode == 0
    assert json.loads(hub.command("user", "show", user["owner"], "--json").stdout)["conversations"] == 0
    assert hub.command("chat", "--once", "hello", "--owner", "anna").returncode == 0
    assert said(model) == ["hello"]


def test_somebody_can_be_blocked_while_the_hub_runs(hub: RunningProcess) -> None:
    assert hub.command("user", "block", "http:local").returncode == 0
    listed = [json.loads(line) for line in hub.command("user", "list", "--json").stdout.splitlines()]
    assert [(user["person"], user["role"]) for user in listed] == [("http:local", "blocked")]
    assert hub.stop() == 0
    shown = json.loads(hub.command("user", "show", "http:local", "--json").stdout)
    assert shown["role"] == "blocked"


def test_the_log_is_json_where_the_settings_say_so(tmp_path: Path, environ: dict[str, str]) -> None:
    with running(tmp_path, HUBBUB_LOG_FORMAT="json", **environ) as hub:
        assert hub.url
        assert hub.stop() == 0
    lines = (tmp_path / "data" / "hubbub.log").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["message"].split()[0] for line in lines] == ["Hubbub", "told", "stopped"]


def test_a_backup_beside_the_hub_brings_the_conversation_back(
    hub: RunningProcess, model: FakeModel, tmp_path: Path, environ: dict[str, str]
) -> None:
    assert hub.command("chat", "--once", "before").returncode == 0
    made = hub.command("backup", "copy.tar.gz")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("wrote copy.tar.gz")
    assert hub.command("chat", "--once", "after").returncode == 0

    refused = hub.command("restore", "copy.tar.gz")
    assert refused.returncode == 4
    assert "stop it first" in refused.stderr

    assert hub.stop() == 0
    done = hub.command("restore", "copy.tar.gz")
    assert done.returncode == 0, done.stderr
    assert "restored data as it was" in done.stdout
    assert "what was there before is in data/replaced-" in done.stdout
    with running(tmp_path, **environ) as again:
        assert again.url
        assert again.command("chat", "--once", "again").stdout == "LLM-OK again\n"
        assert said(model) == ["before", "LLM-OK before", "again"]


def test_a_backup_moves_a_hub_to_another_folder(hub: RunningProcess, model: FakeModel, tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_text('[chat]\nsystem_prompt = "Be a poet."\n', encoding="utf-8")
    assert hub.command("chat", "--once", "before").returncode == 0
    assert hub.command("backup", "copy.tar.gz").returncode == 0
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tmp_path / "copy.tar.gz", other)
    hub.stop()
    hub.folder = other
    done = hub.command("restore", "--moved", "copy.tar.gz")
    assert done.returncode == 0, done.stderr
    assert "settings: hubbub.toml\n" in done.stdout
    assert hub.command("chat", "--once", "again").stdout == "LLM-OK again\n"
    assert said(model) == ["before", "LLM-OK before", "again"]
    assert model.requests[-1].body["messages"][0]["content"].startswith("Be a poet.")


def test_settings_say_where_the_data_go_on_a_new_machine(hub: RunningProcess, tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_text(f'[server]\ndata_dir = "{tmp_path}/data"\n', encoding="utf-8")
    assert hub.command("backup", "copy.tar.gz").returncode == 0
    hub.stop()
    (tmp_path / "data").rename(tmp_path / "gone")
    hub.folder = tmp_path / "new"
    hub.folder.mkdir()
    done = hub.command("restore", str(tmp_path / "copy.tar.gz"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "hubbub.db").is_file()
    assert not (hub.folder / "data").exists()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"))


def test_an_own_certificate_serves_everybody(
    tmp_path: Path, environ: dict[str, str], certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    with running(tmp_path, HUBBUB_TLS_CERT=str(cert), HUBBUB_TLS_KEY=str(key), **environ) as hub:
        assert hub.url.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(cert))
        with urllib.request.urlopen(f"{hub.url}/healthz", timeout=20, context=trusting) as answer:
            assert answer.status == 200
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{hub.url}/healthz", timeout=20, context=ssl.create_default_context())
        assert hub.command("chat", "--once", "hello").stdout == "LLM-OK hello\n"
        doctor = hub.command("doctor").stdout
        assert f"ok    certificate: {cert}" in doctor


def test_a_certificate_that_does_not_fit_ends_the_start(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    cert = str(certificate[0])
    environ = clean({"HUBBUB_TLS_CERT": cert, "HUBBUB_TLS_KEY": cert})
    command = [*HUBBUB, "run", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 3
    assert "belong together" in done.stderr
