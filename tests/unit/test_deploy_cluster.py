"""The compose file of several machines fits the hub, and the database in it is one that the hub takes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from hubbub.cli.commands import app
from hubbub.settings import names, shapes
from hubbub.settings.loading import root_of
from hubbub.settings.nodes import Role
from hubbub.settings.plugins import built_in
from hubbub.storage.postgres.database import OLDEST

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "cluster.compose.yaml").read_text(encoding="utf-8"))["services"]
    return found


def test_every_role_is_there_twice(services: dict[str, Any]) -> None:
    commands = [each["command"] for each in services.values() if each.get("image") == "hubbub"]
    roles = [[word for word in command[2:] if word != "--role"] for command in commands]
    assert all(command[:2] == ["hubbub", "run"] for command in commands)
    assert {role for some in roles for role in some} <= set(get_args(Role))
    for role in ("gateway", "worker", "scheduler"):
        assert sum(role in some for some in roles) == 2
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    assert "--role" in {option for parameter in group.commands["run"].params for option in parameter.opts}


def test_the_hubs_have_settings_that_there_are_and_no_rights(services: dict[str, Any]) -> None:
    settings = root_of(built_in())
    hubs = {name: each for name, each in services.items() if each.get("image") == "hubbub"}
    for each in hubs.values():
        assert all(shapes.annotation_at(settings, names.path_of(name)) is not None for name in each["environment"])
        assert each["cap_drop"] == ["ALL"]
        assert "ports" not in each
    folders = [each["volumes"][0] for each in hubs.values()]
    assert len(set(folders)) == len(hubs), "each has a data folder of its own"
    assert (DEPLOY / hubs["gateway-1"]["build"]).resolve() == DEPLOY.parents[1]


def test_the_database_is_new_enough_and_what_it_mounts_is_here(services: dict[str, Any]) -> None:
    assert int(services["database"]["image"].partition(":")[2]) >= OLDEST
    assert services["database"]["image"] == services["replica"]["image"]
    mounted = [volume.partition(":")[0] for each in services.values() for volume in each["volumes"]]
    files = [name for name in mounted if Path(name).suffix]
    assert len(files) == 3
    assert all((DEPLOY / name).is_file() for name in files)


@pytest.mark.parametrize("name", ["replication.sh", "replica.sh"])
def test_scripts_can_be_read(name: str) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run([bash, "-n", str(DEPLOY / name)], check=True)


def test_the_proxy_knows_the_gateways(services: dict[str, Any]) -> None:
    servers = re.findall(r"server (\S+):8080", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    assert servers == [name for name in services if name.startswith("gateway")]
