"""When the bot answers in which room, who may do what, and how much, as the settings say."""

from __future__ import annotations

from hubbub.bridge.triggers import RoomRules, Triggers
from hubbub.commands.access.rules import AccessRules
from hubbub.conversations.limits import Limits
from hubbub.core.identities import Role
from hubbub.settings import RoomRule, Settings


def triggers_of(settings: Settings) -> Triggers:
    """The rules of all rooms."""
    shared = settings.chat.shared_groups
    rules = [(key, _rules(rule, shared=shared)) for key, rule in settings.rooms.items()]
    return Triggers(rules, _rules(RoomRule(), shared=shared))


def _rules(rule: RoomRule, *, shared: bool) -> RoomRules:
    return RoomRules(
        mention="mention" in rule.trigger,
        reply="reply" in rule.trigger,
        prefix="prefix" in rule.trigger,
        always="always" in rule.trigger,
        words=rule.words,
        shared=shared if rule.shared is None else rule.shared,
    )


def access_of(settings: Settings) -> AccessRules:
    """Who is let in, and as what."""
    given = settings.access
    return AccessRules(
        mode=given.mode,
        owners=frozenset(given.owners),
        admins=frozenset(settings.commands.admins),
        allowed=frozenset(given.allowed),
        blocked=frozenset(settings.commands.blocked),
        others=Role[given.others.upper()],
    )


def limits_of(settings: Settings) -> Limits:
    """What one owner may use."""
    given = settings.limits
    return Limits(given.messages_per_minute, given.messages_per_day, given.tokens_per_day, given.message_characters)
