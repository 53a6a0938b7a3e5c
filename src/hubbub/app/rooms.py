"""When the bot answers in which room, who may do what, and how much, as the settings say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hubbub.bridge.triggers import RoomRules, Triggers
from hubbub.commands.access.rules import AccessRules
from hubbub.conversations.limits import CommonLimits, Limits, PlatformLimits
from hubbub.conversations.people.directory import Directory
from hubbub.conversations.zones import zone_of
from hubbub.core.customs import Customs
from hubbub.core.identities import Role
from hubbub.core.quotas import BILLION
from hubbub.settings import RoomRule, Settings

_PRIVATE = "/private/"
"""In a pattern of rooms: it is meant for private chats, where otherwise every message is answered."""


def triggers_of(settings: Settings, people: Directory | None = None) -> Triggers:
    """The rules of all rooms; ``people`` knows who is one person."""
    shared = settings.chat.shared_groups
    rules = [
        (key, replace(_rules(rule, shared=shared), private=_PRIVATE in key)) for key, rule in settings.rooms.items()
    ]
    found = Triggers(rules, _rules(RoomRule(), shared=shared))
    found.people = people
    return found


def _rules(rule: RoomRule, *, shared: bool) -> RoomRules:
    return RoomRules(
        mention="mention" in rule.trigger,
        reply="reply" in rule.trigger,
        prefix="prefix" in rule.trigger,
        thread="thread" in rule.trigger,
        always="always" in rule.trigger,
        words=rule.words,
        shared=shared if rule.shared is None else rule.shared,
        render=rule.render or "",
        stream=rule.stream or "",
    )


def access_of(settings: Settings) -> AccessRules:
    """Who is let in, and as what."""
    given, customs = settings.access, customs_of(settings)
    return AccessRules(
        mode=given.mode,
        owners=frozenset(given.owners),
        admins=frozenset((*settings.commands.admins, *_people((name, own.admins) for name, own in customs.items()))),
        allowed=frozenset(given.allowed),
        blocked=frozenset(settings.commands.blocked),
        others=Role[given.others.upper()],
        unlimited=frozenset(_people((name, own.unlimited) for name, own in customs.items())),
        platforms=platform_limits(settings),
        group=common_limits(settings).group,
        admin_token=next((own.admin_token for own in customs.values() if own.admin_token), ""),
    )


def customs_of(settings: Settings) -> dict[str, Customs]:
    """What platforms that are on want otherwise."""
    plugins = (plugin for plugin in settings.enabled() if plugin.customs is not None)
    found = {plugin.name: plugin.customs(settings.platform(plugin.name)) for plugin in plugins if plugin.customs}
    return {name: _yielding(own, settings) for name, own in found.items()}


def _yielding(own: Customs, settings: Settings) -> Customs:
    """Without defaults of the platform for what is set for the whole hub."""
    set_for_all = settings.limits.model_fields_set | settings.chat.model_fields_set
    gone = own.defaults & set_for_all
    if "messages_per_day" in gone:
        own = replace(own, messages_per_day=None)
    return replace(own, session_minutes=None) if "session_minutes" in gone else own


def _people(listed: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    yield from (f"{platform}:{number}" for platform, numbers in listed for number in numbers)


def platform_limits(settings: Settings) -> dict[str, PlatformLimits]:
    """Limits of platforms that have others than the hub."""
    found = {}
    for name, own in customs_of(settings).items():
        limits = limits_of(settings)
        if own.messages_per_day is not None:
            limits = replace(limits, messages_per_day=own.messages_per_day)
        found[name] = PlatformLimits(limits, zone_of(own.timezone) if own.timezone else None)
    return found


def limits_of(settings: Settings) -> Limits:
    """What one owner may use."""
    given = settings.limits
    counts = (given.messages_per_minute, given.messages_per_day, given.tokens_per_day, given.message_characters)
    return Limits(*counts, _money(given.money_per_day))


def common_limits(settings: Settings) -> CommonLimits:
    """What a group may use, and everybody together."""
    given = settings.limits
    group = (given.group_messages_per_minute, given.group_messages_per_day, given.group_tokens_per_day, 0)
    everybody = (given.bot_messages_per_minute, given.bot_messages_per_day, given.bot_tokens_per_day, 0)
    return CommonLimits(
        Limits(*group, _money(given.group_money_per_day)),
        Limits(*everybody, _money(given.bot_money_per_day)),
        given.currency,
    )


def _money(amount: float) -> int:
    return round(amount * BILLION)
