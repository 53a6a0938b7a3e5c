"""The file by which commands on the same machine find a running hub and are let in as its admin.

It lies in the data folder, readable for its owner only, and holds a secret of this run alone. Whoever can read it
could read the data itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

NAME = "admin.token"


@dataclass(frozen=True, slots=True)
class LocalAdmin:
    """Where the running hub is and what opens it.

    ``certificate``: SHA-256 of the hub's own TLS certificate in hex, "" without TLS. On loopback it takes the place
    of a check of the certificate's name.
    """

    url: str
    token: str
    certificate: str = ""


def write(data_dir: Path, url: str, certificate: str = "") -> LocalAdmin:
    """Write the file of this run with a new secret, which goes to `Access.allow_local`. Raises OSError."""
    admin = LocalAdmin(url, "hub_" + secrets.token_urlsafe(32), certificate)
    fields = {"url": admin.url, "token": admin.token, "certificate": admin.certificate}
    part = data_dir / (NAME + ".new")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    # Nobody sees it half written, nor for a moment with wider rights.
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(fields, file)
    part.replace(data_dir / NAME)
    return admin


def read(data_dir: Path) -> LocalAdmin | None:
    """What the running hub wrote; None without a (whole) file. It may be left over from a hub that was killed."""
    try:
        fields = json.loads((data_dir / NAME).read_text(encoding="utf-8"))
        return LocalAdmin(str(fields["url"]), str(fields["token"]), str(fields.get("certificate", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def remove(data_dir: Path) -> None:
    """Take the file away; none is no fault."""
    with contextlib.suppress(FileNotFoundError):
        (data_dir / NAME).unlink()
