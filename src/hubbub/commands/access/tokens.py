"""Tokens that people type: kept as digests that cannot be turned back."""

from __future__ import annotations

import hashlib
import hmac
import secrets

# A few milliseconds: it is done in the loop, for messages of admins only.
_COST = {"n": 1 << 11, "r": 8, "p": 1}


def digest(token: str) -> str:
    """A digest of its own for each call."""
    salt = secrets.token_hex(8)
    return f"{salt}${_hash(token, salt)}"


def matches(given: str, kept: str) -> bool:
    """Whether a token is the one of a digest."""
    salt, _, wanted = kept.partition("$")
    return hmac.compare_digest(_hash(given, salt), wanted)


def same(given: str, wanted: str) -> bool:
    """Whether two tokens are the same; takes as long whatever differs."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode("utf-8", "surrogatepass"))


def _hash(token: str, salt: str) -> str:
    return hashlib.scrypt(token.encode("utf-8", "surrogatepass"), salt=salt.encode(), dklen=32, **_COST).hex()
