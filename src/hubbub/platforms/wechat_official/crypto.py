"""Signatures of callbacks, and messages that are encrypted (Official Accounts, "Message Encryption and Decryption").

AES-256-CBC with the key's first half as vector; the text is 16 random bytes, its length in four bytes, itself and the
AppID, padded to whole blocks of 32 bytes as PKCS #7 does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32
_RANDOM = 16
_LENGTH = 4


class Undecipherable(ValueError):
    """What came is not what the platform encrypts for this account."""


def signature(*parts: str) -> str:
    """The platform's signature of some strings."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def signed(given: str, *parts: str) -> bool:
    """Whether a signature is that of these strings; takes the same time whatever is wrong."""
    return hmac.compare_digest(signature(*parts).encode(), given.encode("utf-8", "replace"))


class MessageCipher:
    """Encrypts and decrypts for one account."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        """``encoding_aes_key`` as the platform shows it: 43 characters."""
        key = base64.b64decode(encoding_aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._app_id = app_id.encode()

    def decrypt(self, text: str) -> bytes:
        """The message inside.

        Raises:
            Undecipherable: it is broken, or meant for another account.
        """
        plain = self._plain(text)
        body = plain[: len(plain) - _padding(plain)]
        size = int.from_bytes(body[_RANDOM : _RANDOM + _LENGTH], "big")
        start = _RANDOM + _LENGTH
        if len(body) < start or size > len(body) - start:
            message = "the length inside is wrong"
            raise Undecipherable(message)
        if not hmac.compare_digest(body[start + size :], self._app_id):
            message = "it is meant for another account"
            raise Undecipherable(message)
        return body[start : start + size]

    def encrypt(self, message: bytes) -> str:
        """A message as the platform decrypts it."""
        body = secrets.token_bytes(_RANDOM) + len(message).to_bytes(_LENGTH, "big") + message + self._app_id
        missing = _BLOCK - len(body) % _BLOCK
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(body + bytes([missing]) * missing) + encryptor.finalize()).decode()

    def _plain(self, text: str) -> bytes:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            message = "it is no base64"
            raise Undecipherable(message) from error
        if not data or len(data) % 16:
            message = "it is not made of whole blocks"
            raise Undecipherable(message)
        decryptor = self._cipher.decryptor()
        return decryptor.update(data) + decryptor.finalize()


def _padding(plain: bytes) -> int:
    count = plain[-1]
    if not 1 <= count <= _BLOCK or count > len(plain) or plain[-count:] != bytes([count]) * count:
        message = "its padding is wrong"
        raise Undecipherable(message)
    return count
