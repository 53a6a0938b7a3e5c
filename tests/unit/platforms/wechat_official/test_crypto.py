"""What `wechatpy` seals is opened here, and the other way round; nothing else is."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.utils import check_signature

from hubbub.platforms.wechat_official.crypto import MessageCipher, Undecipherable, signature, signed
from hubbub.platforms.wechat_official.wire import read, sealed
from tests.fakes.wechat import AES_KEY, TOKEN, Oracle

APP = "wx0123456789abcdef"
XML = "<xml><ToUserName>gh</ToUserName><Content><![CDATA[{}]]></Content></xml>"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200))
def test_both_ways(text: str) -> None:
    body = XML.format(text.replace("]]>", "")).encode()
    oracle, cipher = Oracle(), MessageCipher(AES_KEY, APP)
    wrapped, mark = oracle.encrypt(body, "1760000000", "nonce")
    secret = read(wrapped)["Encrypt"]
    assert cipher.decrypt(secret) == body
    assert signed(mark, TOKEN, "1760000000", "nonce", secret)
    assert oracle.decrypt(sealed(body, cipher, TOKEN, {"timestamp": "1760000000", "nonce": "nonce"})) == body


def test_signatures_are_those_of_the_platform() -> None:
    check_signature(TOKEN, signature(TOKEN, "1760000000", "n"), "1760000000", "n")
    assert not signed("", TOKEN, "1760000000", "n")
    assert not signed("Ä" * 40, TOKEN, "1760000000", "n")


def encrypted(plain: bytes, key: str = AES_KEY) -> str:
    secret = base64.b64decode(key + "=")
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def padded(body: bytes) -> bytes:
    missing = 32 - len(body) % 32
    return body + bytes([missing]) * missing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64!",
        "AAAA",
        base64.b64encode(bytes(16)).decode(),
        encrypted(b"\x00" * 32),
        encrypted(b"x" * 31 + b"\x21"),
        encrypted(b"x" * 30 + b"\x01\x02"),
        encrypted(padded(b"r" * 16)),
        encrypted(padded(b"r" * 16 + (2**32 - 1).to_bytes(4, "big") + b"<xml/>" + APP.encode())),
        encrypted(padded(b"r" * 16 + (7).to_bytes(4, "big") + b"<xml/>" + APP.encode())),
        encrypted(padded(b"r" * 16 + (6).to_bytes(4, "big") + b"<xml/>" + b"wx-of-somebody-else")),
        encrypted(padded(b"r" * 16 + (6).to_bytes(4, "big") + b"<xml/>")),
        encrypted(padded(b"r" * 16 + (6).to_bytes(4, "big") + b"<xml/>" + APP.encode()), "B" * 43),
    ],
)
def test_what_is_broken_or_anothers_is_not_opened(text: str) -> None:
    with pytest.raises(Undecipherable):
        MessageCipher(AES_KEY, APP).decrypt(text)
