"""Where data are kept, and what a process does among others."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.core.errors import ConfigError
from hubbub.settings import Settings, load
from hubbub.settings.shown import as_toml


def loaded(folder: Path, **environ: str) -> Settings:
    return load(environ=environ, folder=folder)


@pytest.mark.parametrize(
    ("url", "postgres", "folder"),
    [
        ("", "", "data"),
        ("sqlite:///kept", "", "kept"),
        ("sqlite:////srv/hub/hubbub.db", "", "/srv/hub"),
        ("postgresql://me:pw@host:5433/db", "postgresql://me:pw@host:5433/db", "data"),
        ("postgres://me@a,b/db?sslmode=require", "postgresql://me@a,b/db?sslmode=require", "data"),
    ],
)
def test_the_address_says_which_engine_and_where(tmp_path: Path, url: str, postgres: str, folder: str) -> None:
    store = loaded(tmp_path, DATABASE_URL=url).store
    assert store.postgres == postgres
    assert store.sqlite(Path("data")) == Path(folder)


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///", "sqlite:///other.db", "postgresql://"])
def test_another_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="database_url"):
        loaded(tmp_path, DATABASE_URL=url)


def test_nothing_of_the_address_is_shown(tmp_path: Path) -> None:
    settings = loaded(tmp_path, DATABASE_URL="postgresql://me:hunter2@host/db?sslpassword=hunter3")
    assert "hunter" not in as_toml(settings)
    assert "hunter" not in repr(settings)


def test_a_process_is_everything_unless_it_is_told(tmp_path: Path) -> None:
    whole = loaded(tmp_path).cluster
    assert whole.does("gateway")
    assert whole.does("worker")
    assert whole.does("scheduler")
    part = loaded(tmp_path, HUBBUB_ROLES="gateway,scheduler").cluster
    assert (part.does("gateway"), part.does("worker"), part.does("scheduler")) == (True, False, True)
    with pytest.raises(ConfigError, match="roles"):
        loaded(tmp_path, HUBBUB_ROLES="boss")
