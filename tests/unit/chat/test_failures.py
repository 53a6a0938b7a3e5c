import logging

import pytest
from typing_extensions import override

from hubbub.chat.settings import ChatSettings
from hubbub.conversations import preferences
from hubbub.core.errors import ProviderError
from hubbub.core.events import Deleted
from hubbub.core.identities import Author
from hubbub.core.messages import Button, Buttons, Image, Media, Text
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.turns import Delta
from hubbub.core.work import Entry
from tests.fakes.scripted import ScriptedModels, failing, whole
from tests.unit.chat.talk import OWNER, PRIVATE, Talk, said

PICTURE = Image(Media(url="https://example.org/cat.png"))


@pytest.mark.parametrize(
    "key",
    ["model_failed", "model_timeout", "model_busy", "model_auth", "model_context", "model_empty", "model_refused"],
)
async def test_a_failure_is_one_sentence_with_an_id_and_its_cause_is_logged(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    talk = Talk(ScriptedModels(whole("before"), failing(f"error.{key}")))
    await talk.ask("a")
    with caplog.at_level(logging.ERROR):
        answer = await talk.ask("b")
    assert "(error e1)" in said(answer)
    assert "\n" not in said(answer)
    assert "upstream" not in said(answer)
    assert "e1" in caplog.text
    assert "upstream said no" in caplog.text
    assert await talk.turns() == [("user", "a"), ("assistant", "before")]


@pytest.mark.parametrize("retryable", [True, False])
async def test_what_may_help_to_ask_again_has_a_button_for_it(retryable: bool) -> None:
    error = ProviderError("no", user_text=Phrase("error.model_busy"), retryable=retryable)
    answer = await Talk(ScriptedModels([error])).ask("b")
    buttons = [each.rows for each in answer.message if isinstance(each, Buttons)]
    assert buttons == ([((Button("Try again", "/retry"),),)] if retryable else [])


async def test_a_failure_is_told_in_the_persons_language() -> None:
    talk = Talk(ScriptedModels(failing()), ChatSettings())
    assert said(await talk.ask("你好")) == "模型暂时无法回答，请稍后再试。（错误编号 e1）"
    assert said(await talk.ask("hello")).startswith("The model")
    talk.kept.apply(preferences.put(await talk.kept.branch(OWNER, "config"), {"language": "zh-CN"}))
    assert said(await talk.ask("hello")).startswith("模型")


async def test_the_language_goes_by_choice_setting_locale_and_script() -> None:
    async def language(setting: str, locale: str, text: str, chosen: str = "") -> str:
        talk = Talk(None, ChatSettings(language=setting))
        if chosen:
            talk.kept.apply(preferences.put(await talk.kept.branch(OWNER, "config"), {"language": chosen}))
        event = talk.entry((Text(text),), locale=locale).event
        return await talk.chat.language(OWNER, event)  # type: ignore[arg-type]

    assert await language("auto", "zh-hans", "hello") == "zh"
    assert await language("auto", "fr", "hello") == "en"
    assert await language("auto", "fr", "你好") == "zh"
    assert await language("auto", "en-GB", "你好") == "en"
    assert await language("en", "zh", "你好") == "en"
    assert await language("en", "zh", "你好", chosen="zh") == "zh"


@pytest.mark.parametrize(
    "script", [[], [Delta(finish="stop")], [Delta(" \n ", finish="stop")], [Delta(reasoning="hm", finish="length")]]
)
async def test_an_answer_without_content_is_a_failure(script: list[Delta]) -> None:
    talk = Talk(ScriptedModels(script))
    assert said(await talk.ask("x")).startswith("The model answered with nothing.")
    assert await talk.turns() == []


async def test_a_failure_in_the_middle_is_not_taken_for_an_answer() -> None:
    broken = ["half an ans", *failing("error.model_context", 400)]
    talk = Talk(ScriptedModels(broken))
    talk.pieces = []
    assert said(await talk.ask("x" * 9000)).startswith("That is too long")
    assert len(talk.models.requests) == 1
    assert await talk.turns() == []


async def test_an_answer_that_takes_too_long_is_ended() -> None:
    talk = Talk(ScriptedModels(["a", 30.0]), answer_seconds=0.02)
    assert said(await talk.ask("x")).startswith("The model took too long")
    assert talk.models.closed == 1
    assert await talk.turns() == []


async def test_no_model_at_all() -> None:
    class NoModels(ScriptedModels):
        @override
        def default(self) -> ModelSpec:
            raise ProviderError("none is set up", user_text=Phrase("error.model_failed"))

    talk = Talk(NoModels())
    assert said(await talk.ask("x")).startswith("No model is set up yet")
    assert said(await talk.ask((PICTURE,))).startswith("No model is set up yet")


async def test_only_messages_are_answered() -> None:
    talk = Talk()
    entry = Entry(1, "lane", Deleted("1", PRIVATE, Author("u1"), 0.0, "m1"))
    with pytest.raises(TypeError):
        await talk.chat.answer(entry, OWNER, "", None, talk.stop)
