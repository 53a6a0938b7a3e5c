"""What libraries read from the environment by themselves counts from the settings too."""

import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubbub.cli.environment import hand_on
from hubbub.settings import load


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    time.tzset()


def test_proxies_of_dotenv_count_below_those_of_the_environment(tmp_path: Path) -> None:
    os.environ["HTTP_PROXY"] = "http://one.example"
    os.environ.pop("NO_PROXY", None)
    (tmp_path / ".env").write_text("HTTP_PROXY=http://two.example\nNO_PROXY=.local\nOTHER=x\n", encoding="utf-8")
    hand_on(load(environ={}, folder=tmp_path))
    assert os.environ["HTTP_PROXY"] == "http://one.example"
    assert os.environ["NO_PROXY"] == ".local"
    assert "OTHER" not in os.environ


def test_the_proxy_of_the_settings_counts_before_the_environment(tmp_path: Path) -> None:
    os.environ["https_proxy"] = os.environ["ALL_PROXY"] = "http://one.example"
    (tmp_path / "hubbub.toml").write_text(
        '[server]\nproxy = "http://two.example"\nno_proxy = ["a.example", "b.example"]\n', encoding="utf-8"
    )
    hand_on(load(environ={}, folder=tmp_path))
    assert urllib.request.getproxies() == {
        "http": "http://two.example",
        "https": "http://two.example",
        "no": "a.example,b.example",
    }


def test_no_proxy_at_all_can_be_set(tmp_path: Path) -> None:
    os.environ["https_proxy"] = os.environ["HTTP_PROXY"] = "http://one.example"
    hand_on(load(environ={"HUBBUB_PROXY": "none"}, folder=tmp_path))
    assert not {"http", "https", "all"} & set(urllib.request.getproxies())


def test_the_time_zone_is_the_settings(tmp_path: Path) -> None:
    hand_on(load(environ={"TZ": "Asia/Shanghai"}, folder=tmp_path))
    assert time.localtime(0).tm_hour == 8
