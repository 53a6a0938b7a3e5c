"""What whoever runs the hub should know of their settings when it starts, though nothing is wrong with them."""

from __future__ import annotations

from hubbub.settings import Settings, gobot
from hubbub.settings.repeater import retired

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what is looked for, not bound


def notices(settings: Settings) -> list[str]:
    """A line each."""
    found = retired(settings.environ)
    server = settings.server
    if server.host in _EVERYWHERE:
        networks = ", ".join(server.trusted_networks) or "no network"
        found.append(
            f"The hub listens on every address of this machine ({server.host}). Callers from {networks} need no token, "
            "others do: `hubbub token create` makes one, HUBBUB_TRUSTED_NETWORKS names more networks."
        )
    return [*found, *gobot.notices(settings)]
