"""Callbacks of WeChat and WeCom as an attacker, or a broken line, would make them; each kind by its name.

Whoever makes them here knows token and key, so that the damage reaches what lies behind the signatures.
"""

from __future__ import annotations

import base64
import hashlib
import os
import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_MORE = (f'<!ENTITY {name} "&{last};&{last};&{last};&{last};">' for last, name in pairwise("abcdefghi"))
LAUGHS = (
    f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{"ha" * 50}">{"".join(_MORE)}]><xml><Content>&i;</Content></xml>'
)
BOMBS = (
    LAUGHS,
    '<!DOCTYPE x [<!ENTITY a "' + "a" * 20_000 + '">]><xml><MsgId>' + "&a;" * 500 + "</MsgId></xml>",
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:1/x">]><xml><Content>&a;</Content></xml>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><xml><Content>x</Content></xml>',
    '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><xml/>',
    "<!DOCTYPE xml><xml><Content>x</Content></xml>",
    "<xml><Content>&nothing;</Content></xml>",
    "<xml>" + "<a>" * 3000 + "</a>" * 3000 + "</xml>",
    "<xml>" + "<a>" * 10_000,
)
TIMES = ("", "0", "-1", "1e9", "٣", "9" * 400, " 1", "1.5", "0x5", "\x00", "now", "NaN")
SHIFTS = (-10_000_000, -86_400, -301, 301, 3600, 10_000_000)
ODD = ("", " ", "\x0b", "�", "ﷺ" * 9, "../../etc", "a" * 5000, "<b>", "]]>", "0", "-1", "1" * 400, "💣", "\u202e")
FIELDS = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId", "Event", "EventKey", "Encrypt")
KINDS = ("text", "image", "voice", "location", "link", "event", "video", "file", "nothing-known")


@dataclass(frozen=True)
class Keys:
    """What platform and hub both know. ``receiver`` stands inside every envelope; ``plain``: as one may also come."""

    token: str
    key: bytes
    receiver: str
    plain: bool

    def sign(self, *parts: str) -> str:
        """A signature over the token and some strings."""
        return hashlib.sha1("".join(sorted((self.token, *parts))).encode("utf-8", "replace")).hexdigest()  # noqa: S324

    def seal(self, content: bytes, receiver: str = "", padding: bytes = b"", length: int = -1) -> str:
        """An envelope; with a wrong ``receiver``, ``padding`` or ``length`` where given."""
        length = len(content) if length < 0 else length
        body = os.urandom(16) + struct.pack(">I", length) + content + (receiver or self.receiver).encode()
        missing = 32 - len(body) % 32
        body += padding.ljust(missing, b"\0")[:missing] if padding else bytes([missing]) * missing
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16])).encryptor()
        return base64.b64encode(encryptor.update(body) + encryptor.finalize()).decode()

    def carry(self, sealed: str, stamp: str) -> tuple[str, bytes]:
        """Query and body of a request with an envelope."""
        marks = {"signature": self.sign(stamp, "n"), "msg_signature": self.sign(stamp, "n", sealed)}
        query = urlencode({"timestamp": stamp, "nonce": "n", "encrypt_type": "aes", **marks})
        return query, f"<xml><ToUserName>t</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()


@dataclass(frozen=True)
class Request:
    """``hopeless``: nothing of it may be believed; of others some could be."""

    kind: str
    query: str
    body: bytes
    hopeless: bool = True


def message(draw: random.Random) -> str:
    """The XML of a message that is well."""
    fields = {
        "ToUserName": "t",
        "FromUserName": "anna",
        "CreateTime": str(int(time.time())),
        "MsgType": "text",
        "Content": "hello",
        "MsgId": str(draw.getrandbits(50)),
    }
    return "<xml>" + "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items()) + "</xml>"


Maker = Callable[[Keys, random.Random], Request]


def _now() -> str:
    return str(int(time.time()))


def bomb(keys: Keys, draw: random.Random) -> Request:
    return Request("bomb", *keys.carry(keys.seal(draw.choice(BOMBS).encode()), _now()))


def open_bomb(keys: Keys, draw: random.Random) -> Request:
    query, _ = keys.carry("", _now())
    return Request("open bomb", query, draw.choice(BOMBS).encode())


def wrong_time(keys: Keys, draw: random.Random) -> Request:
    stamp = draw.choice((*TIMES, *(str(int(time.time()) + shift) for shift in SHIFTS)))
    return Request("wrong time", *keys.carry(keys.seal(message(draw).encode()), stamp))


def wrong_padding(keys: Keys, draw: random.Random) -> Request:
    padding = draw.choice((b"\0", b"\x21" * 32, b"\xff" * 32, draw.randbytes(31) + b"\x20", b"\x02\x01\x02"))
    return Request("wrong padding", *keys.carry(keys.seal(message(draw).encode(), padding=padding), _now()))


def wrong_receiver(keys: Keys, draw: random.Random) -> Request:
    receiver = draw.choice((keys.receiver[:-1], keys.receiver + "x", "wx-of-another", keys.receiver.swapcase(), "\0"))
    return Request("wrong receiver", *keys.carry(keys.seal(message(draw).encode(), receiver), _now()))


def wrong_length(keys: Keys, draw: random.Random) -> Request:
    content = message(draw).encode()
    length = draw.choice((0, len(content) - 1, len(content) + 1, 0x7FFFFFFF, 0xFFFFFFFF))
    return Request("wrong length", *keys.carry(keys.seal(content, length=length), _now()))


def wrong_envelope(keys: Keys, draw: random.Random) -> Request:
    sealed = keys.seal(message(draw).encode())
    place = draw.randrange(len(sealed))
    sealed = draw.choice(
        (
            sealed[:place],
            sealed[:place] + draw.choice("=!AZ az09+/<é") + sealed[place + 1 :],
            sealed[::-1],
            base64.b64encode(draw.randbytes(draw.choice((0, 1, 15, 16, 32, 48, 64, 999)))).decode(),
            "",
        )
    )
    return Request("wrong envelope", *keys.carry(sealed, _now()), hopeless=False)


def wrong_signature(keys: Keys, draw: random.Random) -> Request:
    query, body = keys.carry(keys.seal(message(draw).encode()), _now())
    name = draw.choice(("signature=", "msg_signature=", "timestamp=", "nonce="))
    query = draw.choice(
        (query.replace(name, name + draw.choice("0é%00&")), query.replace(name, "x="), query[: draw.randrange(40)], "")
    )
    return Request("wrong signature", query, body, hopeless=name == "msg_signature=")


def cut(keys: Keys, draw: random.Random) -> Request:
    query, body = keys.carry(keys.seal(message(draw).encode()), _now())
    return Request("cut", query, body[: draw.randrange(len(body) - 20)])


def huge(keys: Keys, draw: random.Random) -> Request:
    size = draw.choice((70_000, 300_000))
    sealed = keys.seal(b"<xml><Content>" + b"a" * size + b"</Content></xml>")
    return Request("huge", *keys.carry(sealed, _now()))


def flipped(keys: Keys, draw: random.Random) -> Request:
    query, body = keys.carry(keys.seal(message(draw).encode()), _now())
    found = bytearray(draw.choice((body, message(draw).encode())))
    for _ in range(draw.randrange(1, 9)):
        found[draw.randrange(len(found))] = draw.getrandbits(8)
    return Request("flipped", query, bytes(found), hopeless=False)


def odd_fields(keys: Keys, draw: random.Random) -> Request:
    names = draw.sample(FIELDS, draw.randrange(len(FIELDS)))
    values = {name: draw.choice((*ODD, "anna", str(int(time.time())), draw.choice(KINDS))) for name in names}
    values.setdefault("MsgType", draw.choice(KINDS))
    inner = "".join(f"<{name}><![CDATA[{value.replace(']]>', '')}]]></{name}>" for name, value in values.items())
    return Request("odd fields", *_either(keys, draw, f"<xml>{inner}</xml>".encode()), hopeless=False)


def odd_bytes(keys: Keys, draw: random.Random) -> Request:
    text = message(draw)
    encoding = draw.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "gb18030", "cp037"))
    declared = f'<?xml version="1.0" encoding="{draw.choice(("utf-7", "none", encoding, "x" * 300))}"?>{text}'
    content = draw.choice((text.encode(encoding), declared.encode(), draw.randbytes(draw.randrange(300)), b"\xff\xfe"))
    return Request("odd bytes", *_either(keys, draw, content), hopeless=False)


def _either(keys: Keys, draw: random.Random, content: bytes) -> tuple[str, bytes]:
    query, body = keys.carry(keys.seal(content), _now())
    return query, content if keys.plain and draw.random() < 0.5 else body


MAKERS: tuple[Maker, ...] = (
    bomb,
    open_bomb,
    wrong_time,
    wrong_padding,
    wrong_receiver,
    wrong_length,
    wrong_envelope,
    wrong_signature,
    cut,
    huge,
    flipped,
    odd_fields,
    odd_bytes,
)
