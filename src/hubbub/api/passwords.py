"""The admin's secret as an argon2id hash. Called in a thread: one check takes tens of milliseconds on purpose."""

from __future__ import annotations

# 19 MiB, two passes, one lane: a choice that OWASP lists as enough; more would show in the hub's memory.
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1


def hash_password(password: str) -> str:
    """The hash to keep."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - loaded on first use

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES).hash(password)


def check_password(stored: str, password: str) -> bool:
    """Whether the hash is this password's."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - loaded on first use
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - loaded on first use

    try:
        return PasswordHasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
