"""What an owner has set to hold for every answer holds for every one, and nothing else changes by it."""

from __future__ import annotations

from hubbub.core.messages import Image, Media, Text
from hubbub.core.work import Append
from tests.fakes.scripted import ScriptedModels, whole
from tests.unit.chat.talk import OWNER, Talk

PICTURE = Image(Media("https://x/y.png"))


def setting(talk: Talk, **stored: object) -> None:
    talk.kept.apply(Append(OWNER, "config", "default", (stored,)))


async def test_memory_that_is_off_is_off_for_pictures_too() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two"), whole("three")))
    await talk.ask("a")
    setting(talk, load_memory=False)
    await talk.ask((PICTURE,))
    assert talk.asked() == [("system", "Be kind."), ("user", "")]
    await talk.ask((PICTURE, Text("what is it?")))
    assert talk.asked() == [("system", "Be kind."), ("user", "what is it?")]
    assert await talk.turns() == [("user", "a"), ("assistant", "one")]


async def test_a_silent_conversation_ends_all_the_same() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two")), session_minutes=1)
    setting(talk, auto_load_prompt=False)
    await talk.ask("a")
    talk.now += 61
    await talk.ask("b")
    assert talk.asked() == [("user", "b")]
    assert await talk.turns() == [("user", "b"), ("assistant", "two")]


async def test_a_version_begins_where_it_is_wanted_all_the_same() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two"), whole("other")))
    setting(talk, auto_load_prompt=False)

    async def put(text: str, branch: str, **options: object) -> None:
        entry = talk.entry((Text(text),), branch=branch, options=options)
        talk.kept.keep(await talk.chat.answer(entry, OWNER, text, None, talk.stop))

    await put("a", "talk")
    await put("b", "talk")
    node = (await talk.kept.branch(OWNER, "context", "talk")).nodes[1].id
    await put("c", "talk~2", behind={"branch": "talk", "node": node})
    assert talk.asked() == [("user", "a"), ("assistant", "one"), ("user", "c")]
    assert await talk.turns("talk~2") == [("user", "a"), ("assistant", "one"), ("user", "c"), ("assistant", "other")]


async def test_a_question_that_is_asked_again_is_asked_so_too() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two")))
    await talk.ask("a")
    setting(talk, auto_load_prompt=False)
    await talk.retry()
    assert talk.asked() == [("user", "a")]
