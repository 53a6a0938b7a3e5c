"""Networks, names and origins: who is trusted for the address alone, and what browsers may send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.api.origins import Names, Networks, forwarded, host_name

NAMES = Names(("hub.example", "other.example:8443", "https://third.example/path", ""))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.1.2.3", "fe80::1%eth0"])
def test_trusted(address: str) -> None:
    assert address in Networks(("127.0.0.0/8", "::1", "10.0.0.0/8", "fe80::/10"))


@pytest.mark.parametrize("address", ["11.0.0.1", "::2", "::ffff:11.0.0.1", "", "localhost", "127.0.0.1.evil", None])
def test_not_trusted(address: str | None) -> None:
    assert address not in Networks(("127.0.0.0/8", "::1", "10.0.0.0/8"))


def test_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="not appear to be"):
        Networks(("10.0.0.0/99",))


def test_many_addresses_are_not_remembered_for_ever() -> None:
    networks = Networks(("10.0.0.0/8",))
    assert all(f"10.0.{high}.{low}" in networks for high in range(10) for low in range(256))
    assert len(networks._known) <= 1024


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Anything",
        "X-Real-IP",
        "CF-Connecting-IP",
        "True-Client-IP",
        "Via",
    ],
)
def test_proxies_show(name: str) -> None:
    assert forwarded([(b"host", b"x"), (name.lower().encode(), b"1.2.3.4")])
    assert not forwarded([(b"host", b"x"), (b"x-other", b"1.2.3.4")])


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("localhost:8080", "localhost"),
        ("LOCALHOST.", "localhost"),
        ("[::1]:80", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("[broken", ""),
        ("", ""),
    ],
)
def test_host_name(value: str, name: str) -> None:
    assert host_name(value) == name


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:1", "127.0.0.1:8080", "[::1]:8080", "hub.example", "HUB.example:1", "third.example"],
)
def test_known_names(host: str) -> None:
    assert NAMES.known(host)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "hub.example.evil", "", "127.0.0.1.evil", "[x]"]
)
def test_unknown_names(host: str) -> None:
    assert not NAMES.known(host)


@pytest.mark.parametrize(
    ("origin", "host", "extra", "foreign"),
    [
        (None, "evil.example", {}, False),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", {}, False),
        ("http://localhost:8080", "localhost:8080", {}, False),
        ("https://hub.example", "127.0.0.1:8080", {}, False),
        ("http://localhost:3000", "localhost:8080", {}, True),
        ("http://evil.example", "127.0.0.1:8080", {}, True),
        ("http://evil.example", "evil.example", {}, True),
        ("null", "127.0.0.1:8080", {}, True),
        ("file://", "127.0.0.1:8080", {}, True),
        ("http://[broken", "127.0.0.1:8080", {}, True),
        ("http://evil.example", "127.0.0.1:8080", {b"authorization": b"Bearer x"}, False),
        ("http://evil.example", "127.0.0.1:8080", {b"authorization": b"Basic x"}, True),
    ],
)
def test_foreign_origins(origin: str | None, host: str, extra: dict[bytes, bytes], foreign: bool) -> None:
    headers = [(b"host", host.encode()), *extra.items()]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    assert NAMES.foreign(headers) is foreign


@given(st.binary(), st.binary())
def test_no_header_is_a_fault(origin: bytes, host: bytes) -> None:
    assert NAMES.foreign([(b"origin", origin), (b"host", host)]) in (True, False)
    assert NAMES.known(host.decode("latin-1")) in (True, False)
