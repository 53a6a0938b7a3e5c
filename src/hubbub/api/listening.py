"""Opening the server's port, and what to tell when it cannot be opened."""

from __future__ import annotations

import errno
import hashlib
import socket
import ssl
from pathlib import Path

from hubbub.core.errors import ConfigError

BACKLOG = 2048
ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened on


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that take connections from now on; several where a name has several addresses.

    Port 0 takes a free one, the same for all of them.

    Raises:
        ConfigError: the address cannot be listened on; names it and the remedy.
    """
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, address in _addresses(host, port):
        try:
            opened = _open(family, address, port)
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                failure = error  # a name may have an address of a kind that this machine does not use
                continue
            for each in sockets:
                each.close()
            raise _explained(error, host, port) from error
        port = opened.getsockname()[1]
        sockets.append(opened)
    if not sockets and failure is not None:
        raise _explained(failure, host, port) from failure
    return sockets


def _addresses(host: str, port: int) -> list[tuple[int, str]]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        msg = f"server.host: no address is known for {host!r}; use 127.0.0.1 or 0.0.0.0"
        raise ConfigError(msg) from error
    return list(dict.fromkeys((int(family), str(address[0])) for family, _, _, _, address in found))


def _open(family: int, address: str, port: int) -> socket.socket:
    both = address == "::" and socket.has_dualstack_ipv6()
    opened = socket.create_server(
        (address, port), family=socket.AddressFamily(family), backlog=BACKLOG, dualstack_ipv6=both
    )
    opened.setblocking(False)
    return opened


def _explained(error: OSError, host: str, port: int) -> ConfigError:
    place = f"port {port} on {host or 'every address'}"
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"{place} is in use by another program (perhaps another hub). Stop it, or choose another port:"
            " HUBBUB_PORT=8081, or server.port in hubbub.toml; 0 takes a free one"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return ConfigError(f"{place} may not be opened by this user; choose a port above 1023 with HUBBUB_PORT")
    return ConfigError(f"cannot listen on {place}: {error.strerror or error}; see server.host and server.port")


def address_of(opened: socket.socket, *, tls: bool) -> str:
    """The URL by which this machine reaches the socket."""
    host, port = opened.getsockname()[:2]
    if host in ANYWHERE:
        host = "::1" if host == "::" else "127.0.0.1"
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def tls_context(cert: Path, key: Path | None) -> ssl.SSLContext:
    """The server's TLS.

    Raises:
        ConfigError: a file cannot be read or is not what it should be.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key, password=lambda: "")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        msg = (
            f"server.tls_cert {cert} with server.tls_key {key} cannot be used: {reason}. Both must be PEM files that"
            " belong together, the key without a passphrase"
        )
        raise ConfigError(msg) from error
    return context


def fingerprint(cert: Path) -> str:
    """SHA-256 of the first certificate of a PEM file, in hex."""
    pem = cert.read_text(encoding="ascii", errors="replace")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    first = pem[pem.index(begin) : pem.index(end) + len(end)]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()
