"""A question behind an earlier turn begins another version, and leaves the one that was."""

from hubbub.core.messages import Text
from hubbub.core.ports import Answer
from tests.fakes.scripted import ScriptedModels, failing, whole
from tests.unit.chat.talk import OWNER, Talk, said


async def put(talk: Talk, text: str, branch: str, behind: object = None) -> Answer:
    options = {} if behind is None else {"behind": behind}
    entry = talk.entry((Text(text),), branch=branch, options=options)
    return talk.kept.keep(await talk.chat.answer(entry, OWNER, text, None, talk.stop))


async def node(talk: Talk, branch: str, position: int) -> int:
    return (await talk.kept.branch(OWNER, "context", branch)).nodes[position].id


async def test_a_question_behind_an_earlier_turn_is_asked_with_what_came_before_it() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two"), whole("other")))
    await put(talk, "a", "talk")
    await put(talk, "b", "talk")
    answer = await put(talk, "c", "talk~2", {"branch": "talk", "node": await node(talk, "talk", 1)})
    assert said(answer) == "other"
    assert talk.asked()[1:] == [("user", "a"), ("assistant", "one"), ("user", "c")]
    assert await talk.turns("talk~2") == [("user", "a"), ("assistant", "one"), ("user", "c"), ("assistant", "other")]
    assert await talk.turns("talk") == [("user", "a"), ("assistant", "one"), ("user", "b"), ("assistant", "two")]


async def test_the_beginning_is_a_place_too() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("other")))
    await put(talk, "a", "talk")
    await put(talk, "c", "talk~2", {"branch": "talk", "node": 0})
    assert await talk.turns("talk~2") == [("user", "c"), ("assistant", "other")]


async def test_a_version_without_an_answer_can_be_asked_again() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two"), failing(), whole("other")))
    await put(talk, "a", "talk")
    await put(talk, "b", "talk")
    await put(talk, "c", "talk~2", {"branch": "talk", "node": await node(talk, "talk", 1)})
    entry = talk.entry((Text("/retry"),), branch="talk~2")
    answer = talk.kept.keep(await talk.chat.retry(entry, OWNER, None, talk.stop))
    assert said(answer) == "other"
    assert await talk.turns("talk~2") == [("user", "a"), ("assistant", "one"), ("user", "c"), ("assistant", "other")]


async def test_a_place_that_is_not_there_is_the_end() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two"), whole("three"), whole("four")))
    await put(talk, "a", "talk")
    for odd in ({"branch": "talk", "node": 999}, {"branch": "gone", "node": 1}, "talk"):
        await put(talk, "b", "talk", odd)
    assert len(await talk.turns("talk")) == 8
