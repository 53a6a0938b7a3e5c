"""Whether a callback is the platform's: its signature, its time, and the message inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from hubbub.platforms.wechat_official.crypto import MessageCipher, Undecipherable, signed
from hubbub.platforms.wechat_official.settings import AccountSettings
from hubbub.platforms.wechat_official.wire import BadXml, Fields, read, sealed

_LONGEST_VALUE = 1024
_LONGEST_QUERY = 4096
_MOST_VALUES = 20


class Refused(ValueError):
    """A callback that is not taken; ``status`` is HTTP's."""

    def __init__(self, status: int, reason: str) -> None:
        """The reason is for the log alone."""
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Letter:
    """A callback that is the platform's. ``seal`` gives a reply the form that the platform reads."""

    fields: Fields
    seal: Callable[[bytes], bytes]


class Admission:
    """Lets in what the platform signed for one account."""

    def __init__(self, account: AccountSettings, window: float, clock: Callable[[], float]) -> None:
        """``window``: seconds by which a callback's time may differ; 0 takes any."""
        self._token = account.token.get_secret_value()
        self._mode = account.encryption
        key = account.encoding_aes_key.get_secret_value()
        self._cipher = MessageCipher(key, account.app_id) if key and account.app_id else None
        self._window = window
        self._clock = clock

    def greeting(self, query: bytes) -> bytes:
        """What answers the check of the address. Raises Refused."""
        return self._signed(query).get("echostr", "").encode("utf-8", "replace")

    def opened(self, query: bytes, body: bytes) -> Letter:
        """The message of a callback. Raises Refused."""
        given = self._signed(query)
        try:
            fields = read(body)
            secret = fields.get("Encrypt", "")
            if self._cipher is None or not secret:
                if self._mode == "aes" or (self._mode == "compatible" and given.get("encrypt_type") == "aes"):
                    raise Refused(403, "a message that is not encrypted")
                return Letter(fields, bytes)
            return self._decrypted(given, secret, self._cipher)
        except (BadXml, Undecipherable) as error:
            raise Refused(400, str(error)) from error

    def _signed(self, query: bytes) -> Mapping[str, str]:
        """The values of an address whose signature and time are right."""
        given = _values(query)
        time, nonce = given.get("timestamp", ""), given.get("nonce", "")
        if not self._token or not signed(given.get("signature", ""), self._token, time, nonce):
            raise Refused(403, "the signature is wrong")
        if not self._in_time(time):
            raise Refused(403, "its time is too far from the hub's clock")
        return given

    def _in_time(self, time: str) -> bool:
        if not (time.isascii() and time.isdecimal() and len(time) < 16):
            return False
        return not self._window or abs(self._clock() - int(time)) <= self._window

    def _decrypted(self, given: Mapping[str, str], secret: str, cipher: MessageCipher) -> Letter:
        time, nonce = given["timestamp"], given.get("nonce", "")
        if not signed(given.get("msg_signature", ""), self._token, time, nonce, secret):
            raise Refused(403, "the message's signature is wrong")
        stamp = {"timestamp": time, "nonce": nonce}
        fields = read(cipher.decrypt(secret))
        return Letter(fields, lambda reply: sealed(reply, cipher, self._token, stamp))


def _values(query: bytes) -> Mapping[str, str]:
    """The first of each value of an address. Raises Refused."""
    if len(query) > _LONGEST_QUERY:
        raise Refused(414, "the address is too long")
    try:
        pairs = parse_qsl(query.decode("ascii"), max_num_fields=_MOST_VALUES)
    except ValueError as error:
        raise Refused(400, "the address cannot be read") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value[:_LONGEST_VALUE])
    return found
