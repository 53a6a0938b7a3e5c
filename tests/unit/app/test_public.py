"""Which addresses a stranger may let the hub fetch from."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from hubbub.app.public import is_public


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::192.168.1.1",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "localhost",
        "2130706433",
        "",
    ],
)
def test_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"],
)
def test_allowed(address: str) -> None:
    assert is_public(address)


def test_a_network_of_ones_own_is_allowed_where_it_is_named() -> None:
    networks = (ip_network("192.168.1.0/24"), ip_network("fd00::/8"))
    assert is_public("192.168.1.9", networks)
    assert is_public("fd12::1", networks)
    assert is_public("::ffff:192.168.1.9", networks)
    assert not is_public("192.168.2.9", networks)
