import re
import time

import pytest

from hubbub.chat.settings import ChatSettings
from hubbub.conversations import branches, preferences, prompts
from hubbub.conversations.contexts import context_of
from hubbub.core.errors import ProviderError
from hubbub.core.messages import Audio, Image, Media, Quote, Text
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Streamed
from hubbub.core.turns import Delta, Parameters
from tests.fakes.scripted import Script, ScriptedModels, failing, whole
from tests.unit.chat.talk import GROUP, OWNER, Talk, said

PICTURE = Image(Media(url="https://example.org/cat.png"))


async def test_a_question_is_answered_and_both_are_kept() -> None:
    talk = Talk(ScriptedModels(whole("Hello, Ann!")))
    answer = await talk.ask("  hi there ")
    assert answer.message == (Text("Hello, Ann!"),)
    assert not answer.quote
    assert talk.asked() == [("system", "Be kind."), ("user", "hi there")]
    assert await talk.turns() == [("user", "hi there"), ("assistant", "Hello, Ann!")]
    (question, reply) = context_of(await talk.kept.branch(OWNER, "context")).turns
    assert question.time == reply.time == talk.now
    assert reply.model == "m-1"


async def test_the_next_question_has_what_came_before() -> None:
    talk = Talk(ScriptedModels(whole("one"), whole("two")))
    await talk.ask("a")
    await talk.ask("b")
    assert talk.asked()[1:] == [("user", "a"), ("assistant", "one"), ("user", "b")]


async def test_owners_do_not_see_one_another() -> None:
    talk = Talk()
    await talk.ask("secret")
    await talk.ask("hello", owner="test:private:u2")
    assert talk.asked() == [("system", "Be kind."), ("user", "hello")]


async def test_a_named_branch_is_used_where_the_sender_names_one() -> None:
    talk = Talk()
    entry = talk.entry((Text("x"),), branch="work")
    talk.kept.keep(await talk.chat.answer(entry, OWNER, "x", None, talk.stop))
    assert await talk.turns() == []
    assert await talk.turns("work") == [("user", "x"), ("assistant", "hello")]


async def test_the_current_branch_is_used_else() -> None:
    talk = Talk()
    talk.kept.apply(*branches.switch(await talk.kept.branch(OWNER, "context", "play")))
    await talk.ask("x")
    assert await talk.turns("play") == [("user", "x"), ("assistant", "hello")]


async def test_the_owners_settings_shape_the_request() -> None:
    talk = Talk(temperature=0.9, answer_tokens=50)
    talk.models.specs.append(ModelSpec("big", id="b-1", parameters=Parameters(max_tokens=7)))
    await talk.ask("x")
    assert talk.models.requests[-1].model == "main"
    assert talk.models.requests[-1].parameters == Parameters(temperature=0.9, max_tokens=50)
    put = preferences.put(await talk.kept.branch(OWNER, "config"), {"model": "big", "temperature": 0.1, "stop": "END"})
    talk.kept.apply(put)
    await talk.ask("x")
    assert talk.models.requests[-1].model == "big"
    assert talk.models.requests[-1].parameters == Parameters(temperature=0.1, stop=("END",))
    await talk.ask("x", options={"model": "main", "temperature": 0.4})
    assert talk.models.requests[-1].model == "main"
    assert talk.models.requests[-1].parameters.temperature == 0.4


async def test_a_model_that_is_gone_from_the_settings_counts_as_none() -> None:
    talk = Talk()
    talk.kept.apply(preferences.put(await talk.kept.branch(OWNER, "config"), {"model": "gone"}))
    assert said(await talk.ask("x")) == "hello"


async def test_a_request_that_names_an_unknown_model_is_told_so() -> None:
    talk = Talk()
    answer = await talk.ask("x", options={"model": "nonesuch"})
    assert said(answer) == "There is no model nonesuch."
    assert talk.models.requests == []
    assert answer.writes == ()


async def test_the_owners_prompt_the_persona_and_the_default() -> None:
    talk = Talk(ScriptedModels(), ChatSettings(language="zh", personas={"sister": "You are warm."}))
    await talk.ask("x")
    assert talk.asked()[0] == ("system", "你是一个乐于助人的助手。请用提问者所用的语言回答。")
    talk.kept.apply(preferences.put(await talk.kept.branch(OWNER, "config"), {"persona": "sister"}))
    await talk.ask("x")
    assert talk.asked()[0] == ("system", "You are warm.")
    talk.kept.apply(*prompts.put(await talk.kept.branch(OWNER, "prompt"), "Mine."))
    await talk.ask("x")
    assert talk.asked()[0] == ("system", "Mine.")


async def test_the_provider_does_not_learn_who_asks() -> None:
    talk = Talk()
    await talk.ask("x")
    await talk.ask("x", owner="test:private:u2")
    first, second = (request.user for request in talk.models.requests)
    assert first != second
    assert re.fullmatch("[0-9a-f]{24}", first)


# --- streaming, reasoning


async def test_pieces_are_asked_for_and_handed_on_only_if_somebody_listens() -> None:
    script: Script = [Delta(reasoning="hm"), "Hel", "lo", Delta(finish="stop")]
    talk = Talk(ScriptedModels(script))
    assert said(await talk.ask("x")) == "Hello"
    assert not talk.models.requests[-1].stream
    talk.pieces = []
    assert said(await talk.ask("x")) == "Hello"
    assert talk.models.requests[-1].stream
    assert talk.pieces == [Streamed(reasoning="hm"), Streamed("Hel"), Streamed("lo")]


async def test_reasoning_is_kept_apart_and_not_sent_again() -> None:
    talk = Talk(ScriptedModels([Delta(reasoning="2+2"), Delta(reasoning="=4"), Delta("Four.", finish="stop")]))
    assert said(await talk.ask("2+2?")) == "Four."
    turn = context_of(await talk.kept.branch(OWNER, "context")).turns[-1]
    assert (turn.content, turn.reasoning) == ("Four.", "2+2=4")
    await talk.ask("sure?")
    assert ("assistant", "Four.") in talk.asked()
    assert "2+2=4" not in str(talk.asked())


async def test_reasoning_is_shown_where_the_settings_say_so() -> None:
    script = [Delta(reasoning="line one\nline two"), Delta("Four.", finish="stop")]
    talk = Talk(ScriptedModels(script), show_reasoning=True)
    assert said(await talk.ask("2+2?")) == "> line one\n> line two\n\n---\n\nFour."
    assert (await talk.turns())[-1] == ("assistant", "Four.")


# --- what is asked


async def test_in_a_group_the_answer_quotes_the_question() -> None:
    assert (await Talk().ask("x", GROUP)).quote
    assert not (await Talk(quote_in_groups=False).ask("x", GROUP)).quote


async def test_in_a_shared_conversation_the_model_knows_who_speaks() -> None:
    talk = Talk()
    await talk.ask("hi", GROUP, owner="test:group:g1")
    assert talk.last().content == "Ann: hi"
    await talk.ask("hi", GROUP, owner="test:group:g1:u1")
    assert talk.last().content == "hi"


async def test_a_quoted_message_stands_before_the_question() -> None:
    talk = Talk()
    await talk.ask((Quote("m0", excerpt="The moon\nis cheese."), Text("is it?")))
    assert talk.last().content == "> The moon\n> is cheese.\n\nis it?"


async def test_a_model_that_sees_gets_pictures() -> None:
    talk = Talk(ScriptedModels(spec=ModelSpec("main", vision=True)), pictures=2)
    await talk.ask((PICTURE, Text("what is this?")))
    assert talk.last().images == (PICTURE.media,)
    await talk.ask((PICTURE, PICTURE))
    assert talk.last().images == (PICTURE.media, PICTURE.media)
    assert talk.asked()[1] == ("user", "[image]\nwhat is this?")


async def test_a_model_that_does_not_see_is_told_that_there_was_a_picture() -> None:
    talk = Talk(ScriptedModels(spec=ModelSpec("main", vision=False)))
    await talk.ask((PICTURE, Text("what is this?")))
    assert (talk.last().content, talk.last().images) == ("[image]\nwhat is this?", ())
    assert said(await talk.ask((PICTURE,))) == "This model cannot see pictures. Please describe it in words."
    assert len(talk.models.requests) == 1


async def test_a_model_that_refuses_pictures_is_asked_again_without() -> None:
    talk = Talk(ScriptedModels(failing("error.model_refused", 400), whole("ok")))
    assert said(await talk.ask((PICTURE, Text("what?")))) == "ok"
    assert [bool(request.turns[-1].images) for request in talk.models.requests] == [True, False]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ((), "I am here. What would you like to ask?"),
        ((Text("  \n"),), "I am here. What would you like to ask?"),
        (
            (Audio(Media(url="https://example.org/a.amr")),),
            "I can read text and pictures only. Please write it as text.",
        ),
    ],
)
async def test_a_message_without_a_question_asks_no_model(message: tuple[Text, ...], sentence: str) -> None:
    talk = Talk()
    answer = await talk.ask(message)
    assert said(answer) == sentence
    assert answer.writes == ()
    assert talk.models.requests == []


# --- too much


async def test_a_long_conversation_is_trimmed_in_the_request_only() -> None:
    talk = Talk(ScriptedModels(whole("y" * 300)), context_tokens=500)
    for number in range(20):
        await talk.ask(f"{number} " + "x" * 300)
    asked = talk.asked()
    assert asked[0] == ("system", "Be kind.")
    assert asked[1][0] == "user"
    assert asked[-1][1].startswith("19 ")
    assert 2 < len(asked) < 10
    assert len(await talk.turns()) == 40


async def test_a_model_that_finds_it_too_long_is_asked_with_less() -> None:
    too_long = failing("error.model_context", 400)
    talk = Talk(ScriptedModels(*[whole("ok")] * 8, too_long, too_long, whole("c")))
    for _ in range(8):
        await talk.ask("x" * 2000)
    assert said(await talk.ask("and now?")) == "c"
    lengths = [len(request.turns) for request in talk.models.requests[8:]]
    assert lengths == [18, 8, 4]
    assert talk.last().content == "and now?"


async def test_asking_with_less_has_an_end() -> None:
    talk = Talk(ScriptedModels(failing("error.model_context", 400)))
    answer = await talk.ask("x" * 100_000)
    assert said(answer).startswith("That is too long for the model.")
    assert len(talk.models.requests) < 10


async def test_a_summary_stands_for_what_is_left_out() -> None:
    def script(request: object) -> list[Delta]:
        return (
            [Delta("They talked about x.", finish="stop")]
            if "Summarize" in str(request)
            else [Delta("y" * 600, finish="stop")]
        )

    talk = Talk(ScriptedModels(script), context_tokens=1000, summarize=True)
    for number in range(8):
        await talk.ask(f"{number} " + "x" * 600)
    summaries = [request for request in talk.models.requests if "Summarize" in str(request)]
    assert 1 <= len(summaries) <= 4
    assert "They talked about x." in talk.asked()[0][1]
    assert talk.asked()[-1][1].startswith("7 ")
    context = context_of(await talk.kept.branch(OWNER, "context"))
    assert context.summary is not None
    assert len(await talk.turns()) < 16
    assert len((await talk.kept.branch(OWNER, "context")).nodes) == 16


async def test_a_summary_is_bounded_and_does_without_the_model() -> None:
    seen: list[int] = []

    def script(request: object) -> Script:
        if "Summarize" in str(request):
            seen.append(len(str(request)))
            return [ProviderError("down", user_text=Phrase("error.model_failed"))]
        return [Delta("y", finish="stop")]

    talk = Talk(ScriptedModels(script), context_tokens=1000, summarize=True, summary_input=1000)
    for _ in range(3):
        assert said(await talk.ask("x" * 100_000)) == "y"
    assert seen
    assert max(seen) < 10_000


# --- sessions


async def test_silence_ends_a_session() -> None:
    talk = Talk(session_minutes=30)
    await talk.ask("a")
    talk.now += 1700
    await talk.ask("b")
    assert len(talk.asked()) == 4
    began = talk.now
    talk.now += 1801
    await talk.ask("c")
    assert talk.asked()[1:] == [("user", "c")]
    assert await talk.turns() == [("user", "c"), ("assistant", "hello")]
    aside = branches.time_name(talk.now)
    assert len(await talk.turns(aside)) == 4
    assert began < talk.now


async def test_a_clock_that_was_set_back_ends_no_session() -> None:
    talk = Talk(session_minutes=1)
    await talk.ask("a")
    talk.now -= 10_000
    await talk.ask("b")
    assert len(talk.asked()) == 4


async def test_a_failure_leaves_an_idle_session_as_it_is() -> None:
    talk = Talk(ScriptedModels(whole("ok"), failing(), whole("ok")), session_minutes=1)
    await talk.ask("a")
    talk.now += 1000
    await talk.ask("b")
    assert await talk.turns() == [("user", "a"), ("assistant", "ok")]


async def test_answering_costs_little_besides_the_model() -> None:
    """Target: 150 us an answer in a short conversation; the bound leaves room for a machine under load."""
    talk = Talk()
    for _ in range(5):
        await talk.ask("warm up")
    entry = talk.entry((Text("how are you?"),))
    times = []
    for _ in range(7):
        begin = time.process_time()
        for _ in range(50):
            await talk.chat.answer(entry, OWNER, "how are you?", None, talk.stop)
        times.append((time.process_time() - begin) / 50)
    assert min(times) < 600e-6
