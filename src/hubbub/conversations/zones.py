"""Time zones as people name them, and times as they are shown."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache

_HOURS = re.compile(r"(?:UTC|GMT)?\s*([+-]?\d{1,2}(?:\.\d+)?)(?::?([0-5]\d))?", re.IGNORECASE)
_FARTHEST = timedelta(hours=14)


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo | None:
    """The zone of a name ("Asia/Shanghai") or of hours east of UTC ("8", "UTC+8", "+05:30"); None if there is none."""
    found = _HOURS.fullmatch(name.strip())
    if found:
        hours = float(found[1])
        minutes = int(found[2] or 0)
        offset = timedelta(hours=hours, minutes=-minutes if found[1].startswith("-") else minutes)
        return timezone(offset) if abs(offset) <= _FARTHEST else None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - loaded on first use

    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def shown(time: float, zone: tzinfo | None) -> str:
    """A time (seconds since the epoch) to the minute, "-" for what is none; zone None is the machine's own."""
    try:
        return f"{datetime.fromtimestamp(time, zone):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "-"


def day(time: float, zone: tzinfo | None) -> str:
    """The day of a time, as `Spend` names it."""
    return f"{datetime.fromtimestamp(time, zone):%Y-%m-%d}"


def until_tomorrow(time: float, zone: tzinfo | None) -> float:
    """Seconds from a time until the next day (`day`) begins."""
    tomorrow = datetime.fromtimestamp(time, zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).timestamp() - time
