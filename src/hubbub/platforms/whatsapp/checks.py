"""What ``hubbub doctor`` looks at: each number's token, whether it can write, and where WhatsApp brings messages."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from hubbub.core.errors import DeliveryError
from hubbub.core.upkeep import Finding
from hubbub.platforms.whatsapp.faults import BAD_PARAMETER, TOKEN, GraphError
from hubbub.platforms.whatsapp.graph import Graph
from hubbub.platforms.whatsapp.settings import WhatsAppSettings

_SECONDS = 10.0
_FIELDS = "display_phone_number,verified_name"
_MANAGED = "quality_rating,platform_type,health_status,webhook_configuration"
"""Asked for apart: they need another permission."""
_WRITES, _BLOCKED = "AVAILABLE", "BLOCKED"
_REGISTERED = "CLOUD_API"
_LONGEST = 4096


async def look(settings: WhatsAppSettings, server: Mapping[str, Any]) -> AsyncIterator[Finding]:
    """Every number in turn, then the way to the hub from outside."""
    if missing := settings.missing():
        yield Finding("WhatsApp", "fail", f"the settings lack {', '.join(missing)}", "README.md of it says where from")
    root = f"{settings.api_base.rstrip('/')}/{settings.api_version}"
    public = str(server.get("public_url", "")).rstrip("/")
    async with aiohttp.ClientSession() as client:
        for number in settings.numbers:
            graph = Graph(client, root, number.access_token.get_secret_value(), _SECONDS)
            async for finding in _number(graph, number.phone_number_id, settings, public):
                yield finding
        if public:
            yield await _reached(client, public + settings.path, settings.verify_token.get_secret_value())


async def _number(graph: Graph, number: str, settings: WhatsAppSettings, public: str) -> AsyncIterator[Finding]:
    name = f"number {number}"
    try:
        about = await graph.get(number, fields=_FIELDS)
    except DeliveryError as error:
        yield Finding(name, "fail", str(error), _remedy(error, settings))
        return
    shown = f"{about.get('display_phone_number', '')} ({about.get('verified_name', '')})"
    try:
        about = await graph.get(number, fields=_MANAGED)
    except DeliveryError as error:
        remedy = "for more give the token whatsapp_business_management, too"
        yield Finding(name, "warn", f"is {shown}; whether it can write is not told: {error}", remedy)
        return
    yield _can_write(name, shown, about)
    yield _callback(f"webhook of {name}", about, settings.path, public)


def _remedy(error: DeliveryError, settings: WhatsAppSettings) -> str:
    code = error.code if isinstance(error, GraphError) else 0
    if code == BAD_PARAMETER:
        return "is phone_number_id the id that the app's page shows (not the number), and may the token use it?"
    if code == TOKEN:
        return "put a new access_token into the settings; the one that the app's page shows ends after a day"
    return f"see whether {settings.api_base} can be reached from here"


def _can_write(name: str, shown: str, about: Mapping[str, Any]) -> Finding:
    health = about.get("health_status")
    state = str(health.get("can_send_message", _WRITES)) if isinstance(health, dict) else _WRITES
    if about.get("platform_type", _REGISTERED) != _REGISTERED:
        return Finding(name, "fail", f"{shown} is not registered with the Cloud API", "register it on the app's page")
    if state == _BLOCKED:
        return Finding(name, "fail", f"{shown} cannot write to anybody: {_why(health)}", "see WhatsApp Manager")
    if state != _WRITES:
        return Finding(name, "warn", f"{shown} can write to some only: {_why(health)}", "see WhatsApp Manager")
    quality = about.get("quality_rating", "UNKNOWN")
    if quality == "RED":
        return Finding(name, "warn", f"{shown}: people complain about its messages", "write to fewer people unasked")
    return Finding(name, "ok", f"is {shown} and can write")


def _why(health: object) -> str:
    """What WhatsApp says of the entities that are to blame."""
    entities = health.get("entities", []) if isinstance(health, dict) else []
    errors = [error for each in entities if isinstance(each, dict) for error in each.get("errors", [])]
    told = [str(each.get("error_description", "")) for each in errors if isinstance(each, dict)]
    return "; ".join(filter(None, told)) or "it says no reason"


def _callback(name: str, about: Mapping[str, Any], path: str, public: str) -> Finding:
    """Of the addresses that may be set, the one of the smallest thing counts."""
    found = about.get("webhook_configuration")
    given = found if isinstance(found, dict) else {}
    urls = [
        str(given[each]) for each in ("phone_number", "whatsapp_business_account", "application") if given.get(each)
    ]
    wanted = f"{public or 'https://<your hub>'}{path}"
    if not urls:
        remedy = f"on the app's page, WhatsApp, configuration: {wanted} with your verify_token; subscribe to messages"
        return Finding(name, "fail", "WhatsApp knows no address to bring messages to", remedy)
    if urlsplit(urls[0]).path != path or (public and urls[0] != wanted):
        return Finding(name, "warn", f"WhatsApp brings messages to {urls[0]}", f"the hub takes them at {wanted}")
    return Finding(name, "ok", f"WhatsApp brings messages to {urls[0]}")


async def _reached(client: aiohttp.ClientSession, url: str, verify: str) -> Finding:
    """Ask as the app's page does when the address is saved."""
    challenge = secrets.token_hex(8)
    asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with client.get(url, params=asked, allow_redirects=False, timeout=timeout) as response:
            status, body = response.status, await response.content.read(_LONGEST)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        remedy = "is the hub running, does the proxy pass it on?"
        return Finding("webhook", "fail", f"{url} is not reached: {type(error).__name__}", remedy)
    if (status, body) == (200, challenge.encode()):
        return Finding("webhook", "ok", f"{url} can be saved on the app's page")
    remedy = "is the running hub's verify_token the same as these settings', does the proxy keep the query?"
    return Finding("webhook", "fail", f"{url}: HTTP {status}, another answer than was asked for", remedy)
