"""The sealed envelope of WeCom's callbacks: a signature, and AES around the message and the company that it is for.

https://developer.work.weixin.qq.com/document/path/90968 describes it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32
_RANDOM = 16
_AES_BLOCK = 16


class BadSeal(Exception):
    """What came cannot be opened. The reason is for the log, never for whoever sent it."""


class Envelope:
    """Opens and seals what goes between WeCom and one application."""

    def __init__(self, token: str, key: bytes, receiver: str) -> None:
        """``key``: 32 bytes. ``receiver``: the company's id, which stands inside every envelope."""
        self._token = token
        self._key = key
        self._receiver = receiver.encode()

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        """SHA-1 of the sorted parts, in hex."""
        parts = sorted((self._token, timestamp, nonce, sealed))
        return hashlib.sha1("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324 - the protocol's

    def signed(self, signature: str, timestamp: str, nonce: str, sealed: str) -> bool:
        """Whether somebody who knows the token signed it."""
        expected = self.signature(timestamp, nonce, sealed)
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))

    def open(self, sealed: str) -> bytes:
        """The message. Raises BadSeal, also if it is for somebody else."""
        plain = self._decrypted(sealed)
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes([padding]) * padding:
            message = "the padding is wrong"
            raise BadSeal(message)
        content = plain[_RANDOM:-padding]
        if len(content) < 4:
            message = "it is too short"
            raise BadSeal(message)
        (length,) = struct.unpack(">I", content[:4])
        if length > len(content) - 4:
            message = "it is cut off"
            raise BadSeal(message)
        if not hmac.compare_digest(content[4 + length :], self._receiver):
            message = "it is for another company: is corp_id right?"
            raise BadSeal(message)
        return content[4 : 4 + length]

    def _decrypted(self, sealed: str) -> bytes:
        try:
            data = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError) as error:
            message = "it is no base64"
            raise BadSeal(message) from error
        if not data or len(data) % _AES_BLOCK:
            message = "it is cut off"
            raise BadSeal(message)
        decryptor = self._cipher().decryptor()
        return decryptor.update(data) + decryptor.finalize()

    def seal(self, message: bytes) -> str:
        """A message, sealed."""
        content = os.urandom(_RANDOM) + struct.pack(">I", len(message)) + message + self._receiver
        padding = _BLOCK - len(content) % _BLOCK
        encryptor = self._cipher().encryptor()
        data = encryptor.update(content + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(data).decode()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:_AES_BLOCK]))
