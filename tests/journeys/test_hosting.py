"""The start commands of hosting services, each in an empty environment."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from hubbub.settings import names, shapes
from hubbub.settings.loading import root_of
from hubbub.settings.plugins import built_in

ROOT = Path(__file__).parents[2]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands() -> dict[str, str]:
    found = {
        "Procfile": text("Procfile").partition(": ")[2].strip(),
        "heroku.yml": yaml.safe_load(text("heroku.yml"))["run"]["web"],
        "fly.toml": tomllib.loads(text("fly.toml"))["processes"]["web"],
    }
    found["Dockerfile"] = shlex.join(json.loads(text("Dockerfile").rpartition("\nCMD ")[2].splitlines()[0]))
    found["docs/hosting.md"] = text("docs/hosting.md").partition("asks for one: `")[2].partition("`")[0]
    return {command: name for name, command in found.items()}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.parametrize("command", sorted(commands()))
async def test_a_start_command_serves_on_the_port_that_it_is_given(tmp_path: Path, command: str) -> None:
    port = free_port()
    environ = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin",
        "PORT": str(port),
        "OPENAI_API_KEY": "sk-x",
    }
    environ |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command), cwd=tmp_path, env=environ, stdout=log, stderr=log
        )
    try:
        async with aiohttp.ClientSession() as client, asyncio.timeout(30):
            while True:
                assert process.returncode is None, (tmp_path / "log").read_text()
                try:
                    async with client.get(f"http://127.0.0.1:{port}/healthz") as response:
                        assert response.status == 200
                        break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.05)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0


def test_the_files_name_settings_that_there_are() -> None:
    fly: dict[str, Any] = tomllib.loads(text("fly.toml"))
    root = root_of(built_in())
    for variable in (*json.loads(text("app.json"))["env"], *fly["env"]):
        assert shapes.annotation_at(root, names.path_of(variable)) is not None, variable
    assert str(fly["http_service"]["internal_port"]) == fly["env"]["PORT"]
    assert fly["mounts"]["destination"] == fly["env"]["HUBBUB_DATA_DIR"]
