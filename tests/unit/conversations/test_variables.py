"""Variables in texts: what programs that know them expect, and nothing that a text could do by them."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversations.variables import Variables, expand
from hubbub.conversations.variables.expansion import MOST, MOST_ADDED
from hubbub.conversations.variables.scan import Block, blocks, parts
from hubbub.conversations.variables.table import LONGEST_VALUE, names

NOON = datetime(2026, 11, 20, 12, 42, 7, tzinfo=timezone(timedelta(hours=8))).timestamp()
BOB = Variables(
    user_id="Group:1:2",
    user_name="Bob",
    model_type="nomodel",
    bot_name="Echo",
    version="1.0",
    birthday=(2024, 6, 28),
    now=NOON,
    zone=timezone(timedelta(hours=8)),
    chance=random.Random(1),
)
LAMBDA = "Core.get_prompt_vp.<locals>.<lambda>()"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{user_id}|{user_name}|{model_type}|{botname}|{version}", "Group:1:2|Bob|nomodel|Echo|1.0"),
        ("{birthday} {zodiac} {age}", "2024.6.28 巨蟹座 2"),
        ("{time}", "2026-11-20 12:42:07 UTC+08:00"),
        ("{BirthdayCountdown}", "⏳ 距离Echo生日还有：220天"),
        ("{user_name } {user_name a b}", "Bob Bob"),
        ("a{nope}b{nope 1 'x'}c", "abc"),
        ("{random 3 3}", "3"),
        ('{randchoice "b c"}', "b c"),
        ('{randchoice "}', '"'),
        ("{randfloat 2 2}", "2.0"),
        (r"\{time}", "{time}"),
        (r"\\{user_name}", r"\Bob"),
        (r"\\\{user_name}", r"\{user_name}"),
        (r"\\\\{user_name}", r"\\Bob"),
        (r"\x \\ \{", r"\x \\ \{"),
        ("{} { } { {user_name} } }{", "{} { } { Bob } }{"),
        ("{random}", f"[PromptPV Error | random]: {LAMBDA} missing 2 required positional arguments: 'min' and 'max'"),
        ("{random 1}", f"[PromptPV Error | random]: {LAMBDA} missing 1 required positional argument: 'max'"),
        ("{time x}", f"[PromptPV Error | time]: {LAMBDA} takes 0 positional arguments but 1 was given"),
        ("{age x y}", f"[PromptPV Error | age]: {LAMBDA} takes 0 positional arguments but 2 were given"),
        ("{randchoice}", "[PromptPV Error | randchoice]: Cannot choose from an empty sequence"),
        ("{random a b}", "[PromptPV Error | random]: invalid literal for int() with base 10: 'a'"),
    ],
)
def test_what_a_text_becomes(text: str, expected: str) -> None:
    assert expand(text, BOB) == expected


def test_blocks_and_conditions_as_programs_expect_them() -> None:
    text = (
        "A\n:::\nhas {user_name}\n:::\nB\n:::\nhas {nope}\n:::\nC {user_name}->```yes {user_name}``` D {nope}->```no```"
    )
    assert expand(text, BOB) == "A\n\nhas Bob\nBC yes Bob D "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{user_name}->``` yes ```", "yes"),
        ("{user_name}->```", "Bob->```"),
        ("{user_name }->```x```", "Bob->```x```"),
        (r"\{user_name}->```x```", "{user_name}->```x```"),
        ("{random}->```x```", ""),
        ("::: {user_name}", "::: Bob"),
        ("::: a ::: b ::: {user_name}", " a b ::: Bob"),
        (":::{nope}:::", ""),
        (r":::\{nope}:::", "{nope}"),
        (":::{user_name}->```{nope}```:::x", "x"),
        ("  :::\tx\n:::  y", "  \tx  y"),
    ],
)
def test_conditions_and_blocks_at_their_edges(text: str, expected: str) -> None:
    assert expand(text, BOB) == expected


def test_a_condition_is_not_shown_for_nothing() -> None:
    assert expand("{user_name}->```x```", replace(BOB, user_name="  ")) == ""
    assert expand("{age}->```x```", replace(BOB, birthday=(2026, 1, 1))) == ""
    assert expand("{age}->```x```", BOB) == "x"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ((2026, 6, 27), "⏳ 距离Echo生日还有：1天"),
        ((2026, 6, 28), "🎉 今天是Echo生日，Happy Birthday!"),
        ((2026, 6, 29), "⏳ 距离Echo生日还有：364天"),
    ],
)
def test_the_countdown(day: tuple[int, int, int], words: str) -> None:
    now = datetime(*day, 23, 59, tzinfo=UTC).timestamp()
    assert expand("{BirthdayCountdown}", replace(BOB, now=now, zone=UTC)) == words


@pytest.mark.parametrize(
    ("month", "day", "sign"),
    [(1, 19, "摩羯座"), (1, 20, "水瓶座"), (2, 29, "双鱼座"), (12, 21, "射手座"), (12, 22, "摩羯座")],
)
def test_signs(month: int, day: int, sign: str) -> None:
    assert expand("{zodiac}", replace(BOB, birthday=(2024, month, day))) == sign
    leap = replace(BOB, birthday=(2024, 2, 29), now=datetime(2027, 3, 1, tzinfo=UTC).timestamp(), zone=UTC)
    assert expand("{BirthdayCountdown}{age}", leap) == "🎉 今天是Echo生日，Happy Birthday!3"


def test_without_a_birthday_there_is_none() -> None:
    nobody = Variables()
    assert expand("{birthday}{zodiac}{age}{BirthdayCountdown}", nobody) == ""
    assert expand("{time}", replace(nobody, now=float("inf"))).startswith("1970")


def test_lenient_expansion_leaves_what_it_does_not_know() -> None:
    code = 'f({"a": 1}, {x}) ::: note ::: \\{y} {} {z}->```t```'
    assert expand(code, BOB, lenient=True) == code
    assert expand("{user_name} {x} :::{user_name}::: :::{x}{user_name}:::", BOB, lenient=True) == "Bob {x} Bob "
    assert expand(r"\{time}", BOB, lenient=True) == "{time}"


def test_a_value_is_not_expanded_again() -> None:
    assert expand("{user_name}", replace(BOB, user_name="{user_id}:::{nope}:::")) == "{user_id}:::{nope}:::"


def test_expansion_is_bounded() -> None:
    long = replace(BOB, user_name="x" * (LONGEST_VALUE + 5))
    assert len(expand("{user_name}", long)) == LONGEST_VALUE
    assert len(expand("{user_name}" * 1000, long)) <= MOST_ADDED + LONGEST_VALUE + 11 * 1000
    assert expand("{user_name}" * (MOST + 1), BOB).endswith("Bob{user_name}")
    assert expand("{" + "a" * 5000 + "}", BOB) == "{" + "a" * 5000 + "}"


PIECES = st.sampled_from(
    ["{", "}", "\\", ":::", "->```", "```", " ", "\n", "'", '"', "a", "{user_name}", "{nope}", "{random 1 2}", "{age}"]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@given(TEXTS)
def test_the_parts_of_a_text_are_the_text(text: str) -> None:
    again = "".join(part if isinstance(part, str) else part.written for part in parts(text))
    assert again == text


@given(TEXTS)
def test_the_blocks_of_a_text_are_the_text(text: str) -> None:
    found = blocks(text)
    assert "".join(f"{b.before}:::{b.content}:::{b.after}" if isinstance(b, Block) else b for b in found) == text


@given(TEXTS, st.booleans())
def test_every_text_expands(text: str, lenient: bool) -> None:
    expanded = expand(text, BOB, lenient=lenient)
    assert len(expanded) <= len(text) * 40 + 400
    if lenient and not any(f"{{{name}" in text.replace(" ", "") for name in names()):
        assert expanded == text


@given(st.text(alphabet=st.characters(blacklist_characters="{}:\\")))
def test_a_text_without_signs_stays_as_it_is(text: str) -> None:
    assert expand(text, BOB) == text


@pytest.mark.parametrize("piece", ["{", "\\", "\\{", "{a}->```", ":::", "{a ", "{a '", "->```", "{ }", "::: {a} "])
def test_time_grows_with_the_length_only(piece: str) -> None:
    def seconds(count: int) -> float:
        text = piece * count
        begin = time.process_time()
        expand(text, BOB)
        return time.process_time() - begin

    # Were it quadratic, this would take minutes.
    assert seconds(60_000) < 5
