import importlib
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hubbub.commands
from hubbub.commands.builtin import BUILTIN
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.registry import Commands
from hubbub.conversations import branches
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer
from hubbub.core.status import AccountStatus, HubStatus
from hubbub.words.say import CATALOGUES
from tests.unit.commands.given import GROUP, NOW, Person, received


def test_every_family_is_among_the_built_in_ones() -> None:
    names = [module.name for module in pkgutil.iter_modules(hubbub.commands.__path__, "hubbub.commands.")]
    families = [getattr(importlib.import_module(name), "COMMANDS", ()) for name in names]
    assert {command for family in families for command in family} == set(BUILTIN)


def test_every_command_has_its_help_in_every_language() -> None:
    for command in BUILTIN:
        assert all(command.help in catalogue for catalogue in CATALOGUES.values()), command.name


# --- echo


@given(st.text(min_size=1))
async def test_echo_answers_its_argument_exactly(text: str) -> None:
    answer = await Person().gives(f"/echo {text}")
    assert answer == Answer((Text(text, verbatim=True),))


async def test_echo_waits_for_nothing() -> None:
    person = Person()
    event = received("/echo hi")
    call = person.commands.find(event, "/echo hi")
    assert call is not None
    running = person.commands.run(call, person.context(event))
    with pytest.raises(StopIteration) as ended:
        running.send(None)
    assert ended.value.value == Answer((Text("hi", verbatim=True),))
    assert person.asked_language == 0


async def test_echo_of_nothing_says_what_it_does() -> None:
    assert await Person().reads("/echo") == "/echo: answers what you wrote behind it"


# --- help


async def test_help_lists_what_the_person_may_do_a_line_each() -> None:
    said = (await Person().reads("/help")).split("\n")
    assert said[0] == "What you can do here:"
    assert said[-1] == "Anything else is a question to the model."
    assert [line.partition(":")[0] for line in said[1:-2]] == [
        f"/{command.name}"
        for command in BUILTIN
        if command.role <= Role.USER and not command.family and "group" not in command.rooms
    ]
    assert said[-2] == "/help repeater lists the names that you may know from the Repeater."


async def test_help_is_in_the_persons_language_and_with_their_sign() -> None:
    said = await Person(language="zh").reads("！帮助")
    assert said.startswith("你可以使用：")
    assert "！new：开始新对话" in said


async def test_help_leaves_out_what_the_person_may_not_do() -> None:
    async def secret(call: Call, context: CommandContext) -> Answer:
        raise AssertionError

    more = (
        Command("purge", secret, "command.echo.help", role=Role.ADMIN),
        Command("whisper", secret, "command.echo.help", rooms=("private", "temporary")),
        Command("vote", secret, "command.echo.help", rooms=("group",)),
    )
    commands = Commands(commands=(*BUILTIN, *more))
    in_private, in_group = Person(commands), Person(commands, room=GROUP)
    assert "/whisper" in await in_private.reads("/help")
    assert "/vote" not in await in_private.reads("/help")
    assert "/vote" in await in_group.reads("/help")
    assert "/purge" not in await in_group.reads("/help")
    admin = Person(commands, Role.ADMIN)
    assert "/purge" not in await admin.reads("/help")
    assert "/help more" in await admin.reads("/help")
    assert "/help more" not in await in_group.reads("/help")
    assert "/purge" in await admin.reads("/help more")
    assert "/purge" in await admin.reads("/help 更多")
    assert await in_group.reads("/help more") == "There is no command /more. /help lists what there is."
    assert await in_private.reads("/help purge") == "There is no command /purge. /help lists what there is."
    assert await in_private.reads("/purge") == "You may not use /purge."
    assert await in_private.reads("/vote") == "/vote works in a group only."
    assert await in_group.reads("/whisper") == "/whisper works in a private chat only."
    assert await in_private.reads("/purg") == "There is no command /purg. /help lists what there is."
    assert await Person(commands, Role.ADMIN).reads("/purg") == "There is no command /purg. Did you mean /purge?"


async def test_help_about_one_command() -> None:
    for wanted in ("new", "/new", "Reset"):
        said = await Person().reads(f"/help {wanted}")
        assert said.startswith("/new: starts a new conversation")
        assert "Also: reset, clear" in said
    assert await Person().reads("/help nonesuch") == "There is no command /nonesuch. /help lists what there is."


async def test_a_guest_may_not_talk_and_the_blocked_may_nothing() -> None:
    guest = await Person(role=Role.GUEST).reads("/help")
    assert "/sid" in guest
    assert "/new" not in guest
    assert await Person(role=Role.BLOCKED).reads("/help") == "You may not use /help."


# --- unknown


async def test_the_nearest_is_suggested() -> None:
    assert await Person().reads("/hepl") == "There is no command /hepl. Did you mean /help?"
    assert await Person().reads("/halp") == "There is no command /halp. Did you mean /help?"
    assert await Person().reads("/sttus") == "There is no command /sttus. Did you mean /status?"
    assert await Person(language="zh").reads("/hepl") == "没有 /hepl 这个命令，你是不是想用 /help？"
    assert await Person().reads("/frobnicate") == "There is no command /frobnicate. /help lists what there is."


async def test_what_a_person_can_mend_is_said() -> None:
    async def picky(call: Call, context: CommandContext) -> Answer:
        raise UserError(Phrase("branch.bad_name", {"longest": 5}))

    person = Person(Commands(commands=(Command("pick", picky, "command.echo.help"),)))
    assert (await person.reads("/pick")).startswith("That cannot be a name")


# --- sid, status


async def test_sid_tells_who_and_where() -> None:
    said = await Person(role=Role.ADMIN).reads("/whoami")
    assert said == "You: test:u1 (admin)\nOwner: test:private:u1\nRoom: test/100/private/u1\nBranch: default"


async def test_sid_tells_the_current_branch() -> None:
    person = Person()
    person.kept.apply(*branches.switch(await person.kept.branch("test:private:u1", "context", "work")))
    assert (await person.reads("/sid")).endswith("Branch: work")


async def test_status_for_everybody_and_for_admins() -> None:
    person = Person()
    assert await person.reads("/status") == "Hubbub 0.1.0, up for 1 d 1 h\nModel: main"
    accounts = (AccountStatus("test", "100", True, NOW), AccountStatus("test", "200", False, NOW, "refused"))
    admin = Person(role=Role.ADMIN)
    admin.control.found = HubStatus("0.1.0", NOW - 3700, False, accounts, "", "no key", 3, 2, 1)
    assert await admin.reads("/status") == (
        "Hubbub 0.1.0, up for 1 h 1 min\nModel: none (no key)\nStill starting.\n"
        "test:100: connected\ntest:200: not connected (refused)\nWaiting: 3, running: 2, undelivered: 1"
    )


async def test_status_with_a_clock_that_was_set_back() -> None:
    person = Person()
    person.control.found = HubStatus("0.1.0", NOW + 500, True, (), "main", "", 0, 0, 0)
    assert "up for 0 min" in await person.reads("/status")


# --- conversation


async def test_new_puts_the_conversation_aside() -> None:
    person = Person()
    assert await person.reads("/new") == "A new conversation begins."
    person.kept.apply(branches.append(await person.kept.branch("test:private:u1", "context"), {"role": "user"}))
    assert await person.reads("/reset") == "A new conversation begins. The old one is kept as 2026-01-31-120000."
    assert (await person.kept.branch("test:private:u1", "context")).nodes == ()
    assert len((await person.kept.branch("test:private:u1", "context", "2026-01-31-120000")).nodes) == 1


async def test_retry_asks_again() -> None:
    person = Person()
    assert await person.reads("/retry") == "again"
    assert person.retried == 1


async def test_stop() -> None:
    person = Person()
    assert await person.reads("/stop") == "Nothing is running."
    person.control.running.add("test:private:u1")
    assert await person.reads("/stop") == "Stopped."
    stop = person.commands.named("stop")
    assert stop is not None
    assert stop.urgent
    assert [command.name for command in BUILTIN if command.urgent] == ["stop"]
