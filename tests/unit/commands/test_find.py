import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.commands.command import Command
from hubbub.commands.parse import Parser, normal
from hubbub.commands.registry import Commands
from hubbub.core.messages import Image, Media, Mention, Message, Quote, Text
from hubbub.core.ports import Answer
from tests.unit.commands.given import GROUP, PRIVATE, received

COMMANDS = Commands(names=("hubbub",))


def found(text: str, *, commands: Commands = COMMANDS, message: Message | None = None, **fields: object) -> str | None:
    """The name of the command that is found and its argument, as ``name|argument``."""
    event = received(text if message is None else message, **fields)  # type: ignore[arg-type]
    call = commands.find(event, text)
    return None if call is None else f"{call.command.name}|{call.argument}"


@pytest.mark.parametrize("sign", ["/", "!", "！", "@", "#", "／", "＠", "＃"])
def test_every_sign_begins_a_command(sign: str) -> None:
    assert found(f"{sign}echo hi") == "echo|hi"
    assert found(f"{sign}echo hi", room=GROUP) == "echo|hi"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/echo", "echo|"),
        ("/echo hi there", "echo|hi there"),
        ("/echo  two  blanks ", "echo| two  blanks "),
        ("/echo\nline\nline", "echo|line\nline"),
        ("/echo\u3000全角", "echo|全角"),
        (" \n/echo x", "echo|x"),
        ("/ECHO x", "echo|x"),
        ("/Echo x", "echo|x"),
        ("/ｅｃｈｏ x", "echo|x"),
        ("/帮助", "help|"),
        ("/whoami", "sid|"),
        ("/who_ami", "sid|"),
        ("/WhoAmI", "sid|"),
        ("/reset", "new|"),
        ("/clear", "new|"),
        ("/echo /echo x", "echo|/echo x"),
    ],
)
def test_names_and_arguments(text: str, command: str) -> None:
    assert found(text) == command


@pytest.mark.parametrize(
    "text",
    [
        *("", "hello", "echo hi", "50/50", "a /echo b", "/", "//", "/ echo", "/etc/passwd", "/3", "/_", "/" + "x" * 41),
        *("#1 is best", "# Title", "#topic", "@Ann hello", "@everyone", "!", "！", "!!!", "!?", "!important"),
    ],
)
def test_what_is_no_command_is_chat(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize("text", ["/ech hi", "!ech", "！statu", "/hlep", "/statsu"])
def test_an_unknown_name_suggests_the_nearest(text: str) -> None:
    call = COMMANDS.find(received(text), text)
    assert call is not None
    assert call.command.name == ""
    assert COMMANDS.named(call.argument) is not None


def test_an_unknown_name_behind_a_slash_is_told_without_a_suggestion_too() -> None:
    call = COMMANDS.find(received("/frobnicate"), "/frobnicate")
    assert call is not None
    assert (call.command.name, call.argument) == ("", "")
    assert found("!frobnicate") is None


def test_in_a_group_an_unknown_name_may_be_another_bots() -> None:
    assert found("/ech hi", room=GROUP) is None
    assert found("/ech hi", room=GROUP, addressed=True) == "|echo"


# --- mentions


ME, ANN = Mention("100"), Mention("u2", "Ann")


def test_a_mention_of_the_bot_is_no_sign() -> None:
    assert found("help", message=(ME, Text(" help")), room=GROUP, addressed=True) is None
    assert found("/help", message=(ME, Text(" /help")), room=GROUP, addressed=True) == "help|"
    assert found("/help", message=(Quote("m0"), ME, Text(" /help")), room=GROUP, addressed=True) == "help|"


def test_a_command_for_somebody_else_is_not_ours() -> None:
    assert found("/help", message=(ANN, Text(" /help")), room=GROUP) is None
    assert found("/help", message=(Quote("m0"), ANN, Text("/help")), room=GROUP) is None
    assert found("/help", message=(Mention("", everyone=True), Text("/help")), room=GROUP) is None
    assert found("/echo x", message=(Text("/echo x"), ANN), room=GROUP) == "echo|x"
    assert found("/help", message=(Image(Media(file_id="1")), Text("/help")), room=GROUP) == "help|"


@pytest.mark.parametrize("name", ["hubbub", "Hubbub", "100"])
def test_the_bots_name_as_text_is_no_command(name: str) -> None:
    assert found(f"@{name} help") is None
    assert found(f"@{name}") is None
    assert found(f"@{name} /echo x") == "echo|x"
    assert found(f"@{name} " * 5000 + "/echo x") is None


def test_a_command_may_name_its_bot() -> None:
    assert found("/help@hubbub", room=GROUP) == "help|"
    assert found("/echo@Hubbub x y", room=GROUP) == "echo|x y"
    assert found("/help@other_bot", room=GROUP) is None
    assert found("/help@other_bot", room=GROUP, addressed=True) == "help|"
    assert found("/help@whoever", commands=Commands(), room=PRIVATE) == "help|"
    assert found("/help@whoever", commands=Commands(), room=GROUP) is None


# --- settings


async def nothing(*_: object) -> Answer:
    return Answer()


def test_signs_can_be_chosen() -> None:
    commands = Commands(prefixes=(".", "bot "))
    assert found(".echo x", commands=commands) == "echo|x"
    assert found("．echo x", commands=commands) == "echo|x"
    assert found("bot echo x", commands=commands) == "echo|x"
    assert found("/echo x", commands=commands) is None
    assert found(".frobnicate", commands=commands) is None
    assert found(".ech", commands=commands) == "|echo"


def test_no_signs_at_all() -> None:
    assert found("/echo x", commands=Commands(prefixes=())) is None


def test_commands_can_be_disabled() -> None:
    commands = Commands(disabled=("Echo",))
    assert commands.named("echo") is None
    assert found("/echo x", commands=commands) == "|"


def test_two_commands_of_one_name_are_refused() -> None:
    one = Command("one", nothing, "command.echo.help", aliases=("first",))
    with pytest.raises(ValueError, match="names both one and two"):
        Commands(commands=(one, Command("two", nothing, "command.echo.help", aliases=("First",))))


def test_a_command_more_is_one_declaration() -> None:
    commands = Commands(commands=(Command("rollDice", nothing, "command.echo.help"),))
    assert {found(f"/{name}", commands=commands) for name in ("rollDice", "roll_dice", "RollDice")} == {"rollDice|"}


# --- any text


@given(st.text(), st.booleans())
def test_any_text_is_read(text: str, group: bool) -> None:
    call = COMMANDS.find(received(text, GROUP if group else PRIVATE), text)
    if call is not None and call.command.name:
        stripped = text.lstrip()
        assert stripped.startswith(call.prefix)
        assert stripped.endswith(call.argument)


@given(st.sampled_from(["/", "!", "#", "＃"]), st.from_regex(r"\S{1,40}", fullmatch=True), st.text())
def test_the_parts_make_up_the_text(sign: str, name: str, argument: str) -> None:
    typed = Parser(("/", "!", "#")).parse(f"{sign}{name} {argument}")
    assert typed is not None
    assert typed == (sign, name, argument)


@given(st.from_regex(r"[a-z]{1,8}(_[a-z]{1,8}){0,3}", fullmatch=True))
def test_spellings_of_a_name_are_one(snake: str) -> None:
    camel = re.sub("_(.)", lambda match: match[1].upper(), snake)
    assert normal(snake) == normal(camel) == normal(camel[0].upper() + camel[1:]) == normal(snake.title())


def least_time(text: str, rounds: int = 2000) -> float:
    event = received(text)
    times = []
    for _ in range(7):
        begin = time.perf_counter()
        for _ in range(rounds):
            COMMANDS.find(event, text)
        times.append((time.perf_counter() - begin) / rounds)
    return min(times)


def test_finding_costs_next_to_nothing() -> None:
    """Targets: 1 us for plain text, 3 us for a command; the bounds leave room for a machine under load."""
    assert least_time("hello, how are you?") < 4e-6
    assert least_time("/echo x") < 12e-6
