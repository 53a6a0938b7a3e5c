"""The templates and what goes out with every page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.console.assets import Assets
    from hubbub.console.looks import Look

FOLDER = Path(__file__).parent / "templates"

# Nothing from elsewhere, nothing inline; pictures may bring their data with them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Templates:
    """Writes pages and parts of them. Every value is escaped, unless it is HTML of `hubbub.markup.html`."""

    def __init__(self, assets: Assets, **known: object) -> None:
        """``assets`` names the files that pages refer to; every template knows what is ``known``."""
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(known, asset=assets.address, ago=ago, clock=clock)
        self._environment.filters["html"] = Markup

    def part(self, name: str, look: Look, /, **values: Any) -> str:
        """A template as text."""
        return self._environment.get_template(name).render(look=look, t=look.say, visitor=look.visitor, **values)

    def page(self, name: str, look: Look, status: int = 200, /, **values: Any) -> HTMLResponse:
        """A template as an answer."""
        return HTMLResponse(self.part(name, look, **values), status, dict(HEADERS))


def ago(look: Look, seconds: float) -> str:
    """A time span in its two largest units; a clock that was set back makes none."""
    minutes = max(0, int(seconds)) // 60
    hours, days = minutes // 60, minutes // 1440
    if days:
        return look.say("duration.days", days=days, hours=hours % 24)
    if hours:
        return look.say("duration.hours", hours=hours, minutes=minutes % 60)
    if minutes:
        return look.say("duration.minutes", minutes=minutes)
    return look.say("duration.now")


def clock(time: float) -> str:
    """A time (seconds since the epoch) in the hub's own zone."""
    return f"{datetime.fromtimestamp(time, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
