"""The templates and what goes out with every page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from hubbub import __version__
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

    def __init__(self, assets: Assets) -> None:
        """``assets`` names the files that pages refer to."""
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(asset=assets.address, version=__version__)
        self._environment.filters["html"] = Markup

    def part(self, name: str, look: Look, /, **values: Any) -> str:
        """A template as text."""
        return self._environment.get_template(name).render(
            look=look, t=look.say, visitor=look.visitor, **values
        )

    def page(self, name: str, look: Look, status: int = 200, /, **values: Any) -> HTMLResponse:
        """A template as an answer."""
        return HTMLResponse(self.part(name, look, **values), status, dict(HEADERS))
