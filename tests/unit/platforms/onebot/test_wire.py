"""Frames, answers and signatures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.errors import DeliveryError
from hubbub.platforms.onebot.wire import (
    BadFrame,
    CallError,
    Flaw,
    decode,
    encode_call,
    message_id,
    outcome,
    signature,
    signed,
)


@pytest.mark.parametrize(
    ("frame", "flaw"),
    [
        ("", Flaw.NO_JSON),
        ("{", Flaw.NO_JSON),
        ("[" * 100_000, Flaw.NO_JSON),
        (b"\xff", Flaw.NO_JSON),
        (b'{"a":"\xc3\x28"}', Flaw.NO_JSON),
        ('{"a":NaN}', Flaw.NO_JSON),
        ("null", Flaw.NO_OBJECT),
        ("[]", Flaw.NO_OBJECT),
        ('"x"', Flaw.NO_OBJECT),
    ],
)
def test_what_is_no_object_is_refused(frame: str | bytes, flaw: Flaw) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(frame)
    assert caught.value.flaw is flaw
    assert len(str(caught.value)) < 300


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_junk_is_refused_or_read(frame: bytes | str) -> None:
    try:
        assert isinstance(decode(frame), dict)
    except BadFrame:
        return


def test_half_an_emoji_does_not_cost_the_message() -> None:
    frame = decode('{"nickname":"cut \\ud83d","message":"hi \\ud83d\\ude00"}')
    assert frame == {"nickname": "cut ?", "message": "hi \U0001f600"}


def test_half_an_emoji_and_worse_is_refused() -> None:
    with pytest.raises(BadFrame):
        decode('{"a":"\\ud83d","b":' + "[" * 100_000)
    with pytest.raises(BadFrame):
        decode('{"a":"\\ud83d","b":NaN}')


def test_a_call_is_json_whatever_it_holds() -> None:
    call = decode(encode_call("send_msg", {"text": "half \ud83d", "id": 10**30}, "7"))
    assert call["action"] == "send_msg"
    assert call["params"]["text"] == "half ?"
    assert call["echo"] == "7"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "ok", "retcode": 0, "data": {"message_id": 5}},
        {"status": "ok", "data": {"message_id": 5}},
        {"retcode": 0, "data": {"message_id": 5}},
        {"status": "async", "retcode": 1, "data": {"message_id": 5}},
    ],
)
def test_what_is_done_has_its_data(answer: dict[str, object]) -> None:
    assert outcome("send_msg", answer) == {"message_id": 5}


@pytest.mark.parametrize(
    ("answer", "certain", "permanent"),
    [
        ({"status": "failed", "retcode": 1400, "message": "bad"}, True, True),
        ({"status": "failed", "retcode": 1404, "message": "no action"}, True, True),
        ({"status": "failed", "retcode": 404}, True, True),
        ({"status": "failed", "retcode": 100, "msg": "SEND_MSG_API_ERROR", "wording": "风控"}, True, False),
        ({"status": "failed", "retcode": 1200, "message": "EventChecker Failed: result 120"}, True, False),
        ({"status": "failed", "retcode": 1200, "message": "Timeout: NTEvent sendMsg"}, False, False),
        ({"status": "failed", "retcode": 200, "wording": "消息发送超时"}, False, False),
        ({"status": "failed", "retcode": "x"}, True, False),
        ({}, True, False),
    ],
)
def test_faults_say_what_is_certain(answer: dict[str, object], certain: bool, permanent: bool) -> None:
    with pytest.raises(DeliveryError) as caught:
        outcome("send_msg", answer)
    assert (caught.value.certain, caught.value.permanent) == (certain, permanent)
    assert "send_msg" in str(caught.value)


def test_an_action_that_is_missing_is_known_as_such() -> None:
    with pytest.raises(CallError) as caught:
        outcome("set_input_status", {"status": "failed", "retcode": 1404})
    assert caught.value.unsupported


@pytest.mark.parametrize(
    ("data", "found"),
    [({"message_id": -5}, "-5"), ({"message_id": "a"}, "a"), ({"message_id": 0}, "0"), ({}, ""), (None, ""), ([], "")],
)
def test_the_id_of_a_sent_message(data: object, found: str) -> None:
    assert message_id(data) == found


def test_signatures() -> None:
    # RFC 2202, test case 2
    assert signature(b"Jefe", b"what do ya want for nothing?") == "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    assert signed(b"Jefe", b"what do ya want for nothing?", " sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    assert not signed(b"Jefe", b"what do ya want for nothing!", "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    assert not signed(b"Jefe", b"", "sha1=\xe9")
