"""The menu of an account, set from the settings by one node."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from hubbub.core.ports import Host
from hubbub.platforms.wechat_official.api import OfficialApi
from hubbub.platforms.wechat_official.convert import NAME
from hubbub.platforms.wechat_official.settings import Button, MenuButton


def menu_body(buttons: Sequence[MenuButton]) -> dict[str, Any]:
    """A menu as the platform takes it."""
    return {"button": [_button(button) for button in buttons]}


def _button(button: Button) -> dict[str, Any]:
    if isinstance(button, MenuButton) and button.buttons:
        return {"name": button.name, "sub_button": [_button(each) for each in button.buttons]}
    if button.url:
        return {"type": "view", "name": button.name, "url": button.url}
    return {"type": "click", "name": button.name, "key": button.text or button.name}


async def set_menu(name: str, buttons: Sequence[MenuButton], api: OfficialApi, host: Host) -> None:
    """Set the menu, once for all nodes and starts as long as it stays the same. Raises DeliveryError."""
    body = menu_body(buttons)
    digest = hashlib.sha256(orjson.dumps(body)).hexdigest()
    key = f"{NAME}/menu/{name}"
    async with host.hold(key):
        if await host.facts.get(key) != digest:
            await api.call("/cgi-bin/menu/create", body)
            await host.facts.put(key, digest)
