"""``/``: a page that says what runs here and where to go next. No script, no style from elsewhere, no cookie."""

from __future__ import annotations

from html import escape

from hubbub.api.answers import HTML, Receive, Scope, Send, answer
from hubbub.api.errors import Refused
from hubbub.api.origins import RawHeaders, header
from hubbub.api.services import Services
from hubbub.core.errors import StoreError
from hubbub.core.phrases import Phrase
from hubbub.core.status import HubStatus
from hubbub.words import choose, say

POLICY = b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = ((b"content-security-policy", POLICY), (b"referrer-policy", b"no-referrer"), (b"vary", b"accept-language"))
STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#222}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8cf}}"
    "code{font-family:ui-monospace,monospace}dt{font-weight:600}dd{margin:0 0 .6rem}"
)


class Page:
    """The route. Who may not read the status learns only that something runs."""

    def __init__(self, services: Services) -> None:
        """Reads the status at every request."""
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the signature of ASGI
        """Answer in the request's language."""
        headers: RawHeaders = scope["headers"]
        language = choose(*_languages(headers))
        client = (scope.get("client") or ("",))[0]
        try:
            await self._services.access.require(client, headers, "status")
            status: HubStatus | None = self._services.control.status()
        except (Refused, StoreError):
            status = None
        await answer(send, 200, HTML, _document(language, status).encode(), HEADERS)


def _languages(headers: RawHeaders) -> list[str]:
    """The languages that the request accepts, as it orders them (weights are nearly always in that order)."""
    accepted = (header(headers, b"accept-language") or b"")[:500].decode("latin-1")
    return [part.partition(";")[0].strip() for part in accepted.split(",")]


def _document(language: str, status: HubStatus | None) -> str:
    def words(key: str, **values: object) -> str:
        return escape(say(Phrase(key, values), language))

    body = f"<h1>Hubbub</h1><p>{words('page.running')}</p>"
    if status is not None:
        up = sum(account.up for account in status.accounts)
        facts = [
            (words("page.version"), escape(status.version)),
            (words("page.model"), _model(status) or words("page.no_model")),
            (words("page.accounts"), words("page.accounts_up", up=up, all=len(status.accounts))),
        ]
        body += "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts) + "</dl>"
        body += f"<p>{words('page.next')}</p><ul>"
        body += f"<li><code>hubbub chat</code>: {words('page.next_chat')}</li>"
        body += f"<li><code>hubbub doctor</code>: {words('page.next_doctor')}</li>"
        body += f'<li><a href="/docs">/docs</a>: {words("page.next_docs")}</li></ul>'
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Hubbub</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>"
    )


def _model(status: HubStatus) -> str:
    if not status.model:
        return ""
    return escape(f"{status.model} ({status.model_reason})" if status.model_reason else status.model)
