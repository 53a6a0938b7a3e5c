"""Opening the port, and what is told when that fails."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hubbub.api.listening import address_of, fingerprint, listen, tls_context
from hubbub.core.errors import ConfigError


def test_a_free_port_is_told() -> None:
    sockets = listen("127.0.0.1", 0)
    with sockets[0]:
        port = sockets[0].getsockname()[1]
        assert address_of(sockets[0], tls=False) == f"http://127.0.0.1:{port}"
        assert address_of(sockets[0], tls=True) == f"https://127.0.0.1:{port}"


def test_a_name_with_two_addresses_gets_one_port() -> None:
    sockets = listen("localhost", 0)
    assert len({each.getsockname()[1] for each in sockets}) == 1
    for each in sockets:
        each.close()


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("", "127.0.0.1")])
def test_every_address_is_reached_by_loopback(host: str, shown: str) -> None:
    if host == "::" and not socket.has_ipv6:
        pytest.skip("no IPv6")
    try:
        sockets = listen(host, 0)
    except ConfigError:
        pytest.skip("no IPv6 here")
    urls = [address_of(each, tls=False) for each in sockets]
    for each in sockets:
        each.close()
    assert any(f"//{shown}:" in url for url in urls)


def test_a_port_in_use_names_the_port_and_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port} on 127\.0\.0\.1 is in use.*HUBBUB_PORT"):
            listen("127.0.0.1", port)


def test_a_port_in_use_on_one_of_two_addresses_gives_the_other_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match="in use"):
            listen("localhost", port)
    for each in listen("localhost", port):
        each.close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "256.256.256.256", "192.0.2.1", "a" * 70 + ".b", "ä" * 80])
def test_an_address_that_is_not_ours_names_the_setting(host: str) -> None:
    with pytest.raises(ConfigError, match=r"server\.host"):
        listen(host, 0)


def test_tls_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    with pytest.raises(ConfigError, match=r"server\.tls_cert .*cert\.pem"):
        tls_context(cert, None)
    cert.write_text("no certificate")
    with pytest.raises(ConfigError, match="PEM"):
        tls_context(cert, cert)
    cert.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert len(fingerprint(cert)) == 64
