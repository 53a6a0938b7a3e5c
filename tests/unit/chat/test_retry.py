from hubbub.chat.job import UNANSWERED
from hubbub.conversations import branches
from tests.fakes.scripted import ScriptedModels, failing, whole
from tests.unit.chat.talk import OWNER, Talk, said


async def test_retry_asks_what_got_no_answer() -> None:
    talk = Talk(ScriptedModels(whole("one"), failing(), failing(), whole("two")))
    await talk.ask("a")
    await talk.ask("b")
    assert said(await talk.retry()).startswith("The model could not answer")
    assert said(await talk.retry()) == "two"
    assert talk.asked()[1:] == [("user", "a"), ("assistant", "one"), ("user", "b")]
    assert await talk.turns() == [("user", "a"), ("assistant", "one"), ("user", "b"), ("assistant", "two")]


async def test_retry_replaces_the_last_answer() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two"), whole("better")))
    await talk.ask("a")
    await talk.ask("b")
    assert said(await talk.retry()) == "better"
    assert talk.asked()[1:] == [("user", "a"), ("assistant", "one"), ("user", "b")]
    assert await talk.turns() == [("user", "a"), ("assistant", "one"), ("user", "b"), ("assistant", "better")]


async def test_an_old_failure_is_not_asked_again_after_a_later_answer() -> None:
    talk = Talk(ScriptedModels(failing(), whole("one"), whole("two")))
    await talk.ask("failed")
    talk.now += 1
    await talk.ask("a")
    await talk.retry()
    assert talk.asked()[1:] == [("user", "a")]


async def test_a_failure_is_not_carried_into_a_new_conversation() -> None:
    talk = Talk(ScriptedModels(whole("one"), failing()))
    await talk.ask("a")
    await talk.ask("failed")
    talk.now += 1
    talk.kept.apply(*branches.start_anew(await talk.kept.branch(OWNER, "context"), talk.now))
    assert said(await talk.retry()) == "There is nothing to ask again yet."


async def test_a_failed_retry_leaves_the_old_answer() -> None:
    talk = Talk(ScriptedModels(whole("one"), failing(), whole("two")))
    await talk.ask("a")
    assert said(await talk.retry()).startswith("The model could not answer")
    assert await talk.turns() == [("user", "a"), ("assistant", "one")]


async def test_nothing_to_retry() -> None:
    assert said(await Talk().retry()) == "There is nothing to ask again yet."


async def test_the_unanswered_question_is_on_no_branch_that_is_listed() -> None:
    talk = Talk(ScriptedModels(failing()))
    await talk.ask("a")
    found = await talk.kept.branches(OWNER, "context")
    assert [branch.name for branch in found] == [UNANSWERED]
    assert branches.listed(found) == ()
