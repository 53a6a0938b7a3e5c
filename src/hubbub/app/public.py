"""Which addresses are public: what a stranger may let the hub fetch from."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# An IPv4 address stands in their last 32 bits (RFC 6052, RFC 8215 with a /96).
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ip_network("::/96")
_LAST_32 = (1 << 32) - 1


def is_public(text: str, also: Collection[Network] = ()) -> bool:
    """Whether an address, as text, is one of the public internet, or in one of the networks ``also``.

    An IPv6 address that leads to an IPv4 one is judged by that. Text that is no address is not public.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    address = _inner(address)
    if any(address.version == network.version and address in network for network in also):
        return True
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to (mapped, compatible, 6to4, Teredo, NAT64), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64[0] or address in _NAT64[1]:
        return IPv4Address(int(address) & _LAST_32)
    if address in _COMPATIBLE and int(address) > 1:
        return IPv4Address(int(address) & _LAST_32)
    return address
