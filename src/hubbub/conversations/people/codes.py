"""Codes that join identities: made by one, entered by another, agreed to by the first. They lapse, and work once.

They are a log in the store, each with a digest of the code only, so that they hold on every node and after a restart.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from hubbub.conversations.branches import HIDDEN
from hubbub.conversations.people.ties import OWNER
from hubbub.core import codes
from hubbub.core.work import Append

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

CODES = f"{HIDDEN}codes"
SECONDS = 600.0
"""How long a code holds, and then once more how long its maker may think about who entered it."""
READ = 1000
"""Nodes of the log that are read: far more than can be made while a code holds."""
AN_HOUR = 5
"""Codes that one identity gets within an hour."""
AT_A_TIME = 200
"""Codes that hold at a time, of everybody together."""
LONG = 300
"""Nodes at which the log is written anew."""
_HOUR = 3600.0
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: the identity, how they are called, and where and in which language they are written to."""

    identity: str
    name: str
    room: str
    language: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A code (its digest) that somebody made; ``by`` who entered it. ``until`` in seconds since the epoch."""

    digest: str
    maker: Side
    until: float
    by: Side | None = None

    def is_by(self, identity: str) -> bool:
        """This one entered it."""
        return self.by is not None and self.by.identity == identity


@dataclass(slots=True)
class Offers:
    """The codes that hold."""

    now: float
    found: dict[str, Offer]
    made: dict[str, int]
    """How many an identity made within the last hour."""

    @classmethod
    def of(cls, bodies: Iterable[object], now: float) -> Offers:
        """What the log says."""
        offers = cls(now, {}, {})
        for body in bodies:
            if isinstance(body, dict):
                offers._take(body)
        offers.found = {key: each for key, each in offers.found.items() if each.until > now}
        return offers

    def _take(self, body: dict[str, object]) -> None:
        digest, until, side = body.get("code"), body.get("until"), _side(body.get("side"))
        if not isinstance(digest, str) or not isinstance(until, int | float):
            return
        known = self.found.get(digest)
        if side is None:
            self.found.pop(digest, None)
        elif known is None:
            for old in [each.digest for each in self.found.values() if each.maker.identity == side.identity]:
                del self.found[old]
            self.found[digest] = Offer(digest, side, until)
            if until - SECONDS > self.now - _HOUR:
                self.made[side.identity] = self.made.get(side.identity, 0) + 1
        elif known.by is None:
            self.found[digest] = Offer(digest, known.maker, until, side)

    def of_maker(self, identity: str) -> Offer | None:
        """The code that an identity made."""
        return next((each for each in self.found.values() if each.maker.identity == identity), None)

    def entered(self, code: str) -> Offer | None:
        """The code that somebody typed, however it is written."""
        return self.found.get(digest_of(code))


def new_code() -> str:
    """A code that can be read out and typed."""
    signs = codes.new_code(_LENGTH)
    return f"{signs[:4]}-{signs[4:]}"


def digest_of(code: str) -> str:
    """What is kept of a code."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def looks_like_one(text: str) -> bool:
    """Somebody means a code."""
    plain = [sign for sign in text.upper() if sign.isalnum()]
    return len(plain) == _LENGTH and all(sign in codes.SIGNS for sign in plain)


def made(code: str, maker: Side, now: float) -> Append:
    """Remember a new code; one that the maker had before counts no more."""
    return _log({"code": digest_of(code), "until": now + SECONDS, "side": asdict(maker)})


def entered(offer: Offer, by: Side, now: float) -> Append:
    """Remember who entered it; nobody else can any more."""
    return _log({"code": offer.digest, "until": now + SECONDS, "side": asdict(by)})


def used_up(offer: Offer) -> Append:
    """It works no more."""
    return _log({"code": offer.digest, "until": offer.until, "side": None})


def without(bodies: Iterable[object], now: float, gone: Collection[str] = ()) -> Append:
    """The log without what is of no more use, and without identities that are ``gone``."""
    kept = [body for body in bodies if isinstance(body, dict) and _of_use(body, now) and not _of(body, gone)]
    return Append(OWNER, "config", CODES, tuple(kept) or ({},), onto=0)


def _of_use(body: dict[str, object], now: float) -> bool:
    """It still holds, or counts for how many codes somebody got lately."""
    until = body.get("until")
    return isinstance(until, int | float) and until > now - _HOUR


def _of(body: dict[str, object], gone: Collection[str]) -> bool:
    side = _side(body.get("side"))
    return side is not None and side.identity in gone


def _log(body: dict[str, object]) -> Append:
    return Append(OWNER, "config", CODES, (body,))


def _side(value: object) -> Side | None:
    if not isinstance(value, dict):
        return None
    texts = [value.get(each.name) for each in fields(Side)]
    return Side(*map(str, texts)) if all(isinstance(text, str) for text in texts) else None
