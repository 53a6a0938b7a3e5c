"""How commands end: exit codes, and errors as one plain line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn

from hubbub.core.errors import ConfigError, HubbubError, StoreBusy, StoreError


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    DONE = 0
    FAILED = 1
    """What was asked could not be done, or a check failed."""
    USAGE = 2
    """The command line is wrong."""
    CONFIG = 3
    """A setting is wrong, the port in use included."""
    STORE = 4
    """The data cannot be used: another hub has them, or the folder cannot be read or written."""
    INTERRUPTED = 130


class Failure(HubbubError):
    """The command cannot do what was asked; the message says why and what to do."""


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors that a person can mend into one line on stderr and an exit code."""
    try:
        yield
    except ConfigError as error:
        end(Exit.CONFIG, str(error))
    except StoreBusy as error:
        end(Exit.STORE, str(error))
    except StoreError as error:
        end(Exit.STORE, str(error))
    except HubbubError as error:
        end(Exit.FAILED, str(error))
    except BrokenPipeError:
        # Whoever read our output (a pager, head) has enough; nothing more may be written, at exit neither.
        sys.stdout = None
        raise SystemExit(Exit.DONE) from None
    except KeyboardInterrupt:
        raise SystemExit(Exit.INTERRUPTED) from None


def end(code: Exit, message: str) -> NoReturn:
    """Say why on stderr and exit."""
    for line in message.splitlines():
        print(f"hubbub: {line}", file=sys.stderr)
    raise SystemExit(code)
