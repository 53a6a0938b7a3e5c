"""More sentences of the pages, in English."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "page.error_blocked": "You are blocked on this hub. An admin of the hub can let you in.",
        "reason.looking": "the models are being looked for",
        "reason.set": "{name} is set",
        "reason.settings": "the settings name {count} models",
        "reason.settings_one": "the settings name one model",
        "reason.server": "{server} answers on {address}",
        "reason.demo": "no key and no local server: the embedded demo model",
        "reason.demo_note": "demo, English; for a better one set a key, run Ollama, or see hubbub models pull",
        "reason.closed": "the connection was closed",
        "reason.logged_out": "logged out of the platform",
        "console.person_limits": "Limits",
        "console.person_limits_how": "Empty: the hub's own limit. 0: no limit.",
        "console.person_messages_day": "Messages a day",
        "console.person_tokens_day": "Tokens a day",
        "console.strangers": "Waiting to be let in",
        "console.strangers_why": "They wrote to the bot and were given a code. Let in whom you know by theirs.",
        "console.stranger_code": "code",
        "console.stranger_let_in": "Let in",
        "console.stranger_until": "holds for {time}",
        "console.token_limit": "{count} requests a minute",
        "page.delete": "Delete",
        "page.delete_named": "Delete: {title}",
        "page.delete_sure": (
            "Delete “{title}”? It leaves the list and is not used any more. To have all of yours erased, send /forget."
        ),
        "page.delete_running": "An answer in this conversation is being written. Stop it first.",
        "page.deleted": "Deleted: {title}",
        "page.undo": "Undo",
        "page.secret_lost": (
            "The hub printed the secret at its first start. If it is lost, set HUBBUB_ADMIN_PASSWORD and start anew."
        ),
        "duration.now": "less than a minute",
        "console.better_pull": "A small one that runs inside the hub; without a name it lists them:",
        "scope.messages": "conversations (/api/v1)",
        "scope.openai": "OpenAI's API (/v1)",
        "scope.repeater": "the Repeater's API",
        "scope.status": "how the hub is doing",
        "scope.metrics": "figures for Prometheus",
        "scope.admin": "everything",
        "console.given_up": "Messages that could not be handled",
        "console.given_up_why": (
            "They came in and were given up: the hub broke each time it worked on them. Whoever wrote them was told so"
            " where that was possible. The list forgets them after 8 days."
        ),
    }
)
