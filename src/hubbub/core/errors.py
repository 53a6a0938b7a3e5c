"""Everything that Hubbub raises on purpose.

HubbubError
├── ConfigError          a setting is wrong: names the key and the remedy
├── StoreError           the database did not do what it was asked
│   ├── StoreBusy        another hub holds the data
│   ├── StoreAway        the database is not reached at the moment
│   ├── Unstorable       what was to be stored can never be: trying again is useless
│   └── Fenced           the claim was taken by somebody else: throw the work away
├── Overloaded           a bound is reached: the platform is told to come later
├── DeliveryError        a platform did not take a message
├── MediaError           a file cannot be had
├── RenderError          a text cannot be shown as a picture
├── LeaseLost            a name that only one node may hold is no longer ours
├── ProviderError        a model did not answer
└── UserError            the person asked for what cannot be
"""

from __future__ import annotations

from hubbub.core.phrases import Phrase


class HubbubError(Exception):
    """The root. ``user_text`` is the sentence for the person in the chat, if there is one to say."""

    user_text: Phrase | None = None


class ConfigError(HubbubError):
    """A setting cannot be used. The message names the key, the place and what to write instead."""


class StoreError(HubbubError):
    """The store failed; what was asked is not done."""


class StoreBusy(StoreError):
    """Another hub works on this data."""


class StoreAway(StoreError):
    """The database was not reached, or does not serve at the moment: later it may."""


class Unstorable(StoreError):
    """No database could keep this (half a character, a number without end, no JSON). Nothing of it was stored."""


class Fenced(StoreError):
    """The conversation is another worker's now. Nothing of the unit was stored."""


class Overloaded(HubbubError):
    """Too much is in flight. ``retry_after`` is in seconds."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        """Say what is full and when to come again."""
        super().__init__(message)
        self.retry_after = retry_after


class MediaError(HubbubError):
    """A file's content cannot be had: the message says why."""


class RenderError(HubbubError):
    """No picture or document could be made: the message says why. The text itself is what is left to show."""


class LeaseLost(HubbubError):
    """Another node may hold the name from now on: whatever was done under it has ended."""


class DeliveryError(HubbubError):
    """A platform did not confirm a message.

    ``certain``: nothing was delivered, so sending again cannot make two. ``permanent``: sending again is useless.
    ``retry_after``: seconds the platform asks to wait, or None.
    """

    def __init__(
        self, message: str, *, certain: bool, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        """State what is known about the failed sending."""
        super().__init__(message)
        self.certain = certain
        self.permanent = permanent
        self.retry_after = retry_after


class ProviderError(HubbubError):
    """A model gave no (whole) answer.

    ``retryable``: another try, or another provider, may help. ``status``: its HTTP status, 0 without one.
    ``param``: the field of the request that was refused, where told. ``model``: who failed, by the hub's name, where
    it may be one that stood in.
    The message is for the log only; the person reads ``user_text``.
    """

    param: str = ""
    model: str = ""

    def __init__(
        self,
        message: str,
        *,
        user_text: Phrase,
        retryable: bool = False,
        retry_after: float | None = None,
        status: int = 0,
    ) -> None:
        """Keep the cause for the log and the sentence for the person."""
        super().__init__(message)
        self.user_text = user_text
        self.retryable = retryable
        self.retry_after = retry_after
        self.status = status


class UserError(HubbubError):
    """What was asked cannot be done, and the person can mend it."""

    def __init__(self, user_text: Phrase) -> None:
        """Carry the sentence that says what is wrong and how to mend it."""
        super().__init__(user_text.key)
        self.user_text: Phrase = user_text
