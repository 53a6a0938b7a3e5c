"""Whatever stands behind a command, its answer is a sentence for the person, never the hub's own apology."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest

from hubbub.commands.access.rules import AccessRules
from hubbub.commands.builtin import BUILTIN
from hubbub.core.messages import Mention, Text
from hubbub.core.turns import ChatRequest, Delta
from tests.unit.commands.hub import Models, Setting, world

if TYPE_CHECKING:
    from pathlib import Path

    from hubbub.core.messages import Message
    from tests.fakes.scripted import Script

WORDS = (
    *("", " ", "\n", "0", "1", "-1", "2", "9" * 400, "1e400", "nan", "²", "٣", "1.5", "all", "*", "list", "use", "new"),
    *("show", "delete", "rename", "fork", "retry", "drop", "off", "on", "always", "reset", "default", "json", "md"),
    *("temperature", "stop", "max_tokens", "fake:ann", "fake:", ":", "a:b:c", "hub:access", ".hidden", "../../etc"),
    *("{name}", "{0}", "%s", "\0", "\u202e", "💥" * 60, "x" * 3000, "[a](b)", "`", "default", "UTC", "+8", "zh"),
)


def echoing(request: ChatRequest) -> Script:
    return [Delta(f"re: {request.turns[-1].content}", finish="stop", model="m-1")]


@pytest.mark.parametrize("command", BUILTIN, ids=lambda command: command.name)
async def test_every_command_bears_nonsense(tmp_path: Path, command: object) -> None:
    name = command.name  # type: ignore[attr-defined]
    chance = random.Random(name)
    arguments = [*WORDS, *(" ".join(chance.choices(WORDS, k=chance.randint(2, 4))) for _ in range(15))]
    async with world(tmp_path, Setting(access=AccessRules(admins=frozenset({"fake:ann"}))), Models(echoing)) as hub:
        people = [hub.person(), hub.member(role="admin"), hub.person("bob").within("named")]
        for person, argument in zip(itertools.cycle(people), arguments, strict=False):
            said = await person.reads(f"/{name} {argument}")
            assert "Error id" not in said, (argument, said)
            if chance.random() < 0.1:
                await person.reads("hello")
        odd: Message = (Mention("me"), Text(f"/{name} "), Mention("", everyone=True), Mention("x"), Text(" 1"))
        assert "Error id" not in await hub.member("ann").reads(odd)
