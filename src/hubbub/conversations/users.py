"""Who a user of the HTTP APIs is among the owners: the one place that says it, for every door.

Somebody who names an owner of a platform as ``/sid`` tells it (``platform:private:7``, ``platform:group:1:2``) means
just that one. Any other name is an owner of its own, made plain as names of files are, so that data that was kept in
files is found under the same names: ``Group:1:2`` and ``Group_1_2`` are one user.
"""

from __future__ import annotations

import hashlib
import re

from hubbub.conversations.branches import HIDDEN

HUB = "hub:"
"""Owners that begin so are the hub itself: no user is one."""
LONGEST = 255

_OF_A_PLATFORM = re.compile(r"[a-z][a-z0-9_]*:(?:private|group):[^\x00-\x1f]+")
_GROUP = re.compile(r"Group[:_]([^:_]+)[:_]([^:_]+)")
_PRIVATE = re.compile(r"Private[:_]([^:_]+)")
_PUBLIC = re.compile(r"Group_([^:_]+)_Public_Space")
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def owner_of_user(user_id: str, home: str = "") -> str:
    """The owner that a user is. Never fails, whatever the name is.

    ``home`` is the platform whose people the names ``Group:<group>:<person>``, ``Private:<person>`` and
    ``Group_<group>_Public_Space`` stand for, if they do for any.
    """
    if len(user_id) <= LONGEST and _OF_A_PLATFORM.fullmatch(user_id) and not user_id.startswith(HUB):
        return user_id
    return _at_home(user_id, home) or plain_name(user_id)


def plain_name(name: str) -> str:
    """A name without what no file may have in its name; a digest stands for one that is too long."""
    name = _UNFIT.sub("_", name.encode("utf-8", "replace").decode("utf-8"))
    return hashlib.sha256(name.encode()).hexdigest()[:16] if len(name) > LONGEST else name or "_"


def branch_of_user(name: str) -> str:
    """The branch that a user means by a name: as `plain_name`, and none of the hub's own."""
    name = plain_name(name.strip())
    return f"_{name[1:]}" if name.startswith(HIDDEN) else name


def is_user(owner: str) -> bool:
    """An owner that may be told of as a user: not the hub itself."""
    return not owner.startswith(HUB)


def _at_home(user_id: str, home: str) -> str:
    if not home:
        return ""
    if found := _PUBLIC.fullmatch(user_id):
        return f"{home}:group:{found[1]}"
    if found := _GROUP.fullmatch(user_id):
        return f"{home}:group:{found[1]}:{found[2]}"
    found = _PRIVATE.fullmatch(user_id)
    return f"{home}:private:{found[1]}" if found else ""
