import pytest

from hubbub.core.errors import ConfigError
from hubbub.providers.openai_compatible.address import bases, proxy_for


@pytest.mark.parametrize(
    ("given", "tried"),
    [
        ("http://x:1", ("http://x:1/v1", "http://x:1")),
        ("http://x:1/", ("http://x:1/v1", "http://x:1")),
        ("http://x:1/v1", ("http://x:1/v1",)),
        (" http://x:1/v1/ ", ("http://x:1/v1",)),
        ("https://x/api/paas/v4/", ("https://x/api/paas/v4",)),
        ("https://x/v1/chat/completions", ("https://x/v1",)),
        ("https://x/openai/v1/models/", ("https://x/openai/v1",)),
    ],
)
def test_base_urls_as_people_write_them(given: str, tried: tuple[str, ...]) -> None:
    assert bases(given) == tried


@pytest.mark.parametrize("given", ["", "x:1", "ftp://x/", "http://", "https://x/v1?key=1"])
def test_what_is_no_base_url_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(ConfigError, match="must look like http://"):
        bases(given)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def test_no_proxy_is_the_default(environment: pytest.MonkeyPatch) -> None:
    assert proxy_for("https://api.example.com/v1", "") is None


def test_the_setting_comes_before_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTPS_PROXY", "http://env:1")
    assert proxy_for("https://api.example.com/v1", "") == "http://env:1"
    assert proxy_for("https://api.example.com/v1", "http://set:2") == "http://set:2"
    assert proxy_for("https://api.example.com/v1", "none") is None
    assert proxy_for("http://api.example.com/v1", "") is None


def test_the_environment_names_hosts_without_proxy(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTPS_PROXY", "http://env:1")
    environment.setenv("NO_PROXY", ".example.com,other")
    assert proxy_for("https://api.example.com/v1", "") is None
    assert proxy_for("https://api.example.org/v1", "") == "http://env:1"


@pytest.mark.parametrize("host", ["localhost:11434", "127.0.0.1", "127.9.9.9:1", "[::1]:8000"])
def test_this_machine_is_reached_without_the_proxy_of_the_environment(
    environment: pytest.MonkeyPatch, host: str
) -> None:
    environment.setenv("HTTP_PROXY", "http://env:1")
    assert proxy_for(f"http://{host}/v1", "") is None


def test_proxies_of_other_kinds(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ALL_PROXY", "socks5://env:1")
    assert proxy_for("https://api.example.com/v1", "") is None
    with pytest.raises(ConfigError, match="socks5"):
        proxy_for("https://api.example.com/v1", "socks5://set:1")
    assert proxy_for("https://api.example.com/v1", "set:1") == "http://set:1"
