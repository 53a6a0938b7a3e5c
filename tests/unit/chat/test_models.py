from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

import pytest

from hubbub.chat.models import Models, merged
from hubbub.core.errors import ConfigError, ProviderError
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.turns import ChatRequest, Delta, ModelInfo, Parameters, Tool, ToolCall, Turn

QUESTION = (Turn("user", "hi"),)


class Says:
    """A provider that answers in pieces, or fails after some of them."""

    def __init__(self, *pieces: str, fails: ProviderError | None = None) -> None:
        self.pieces = pieces
        self.fails = fails
        self.asked: list[ChatRequest] = []
        self.stopped = 0
        self.closed = False

    @property
    def name(self) -> str:
        return "says"

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        self.asked.append(request)
        try:
            for piece in self.pieces:
                yield Delta(content=piece)
            if self.fails:
                raise self.fails
            yield Delta(finish="stop", model="id-at-the-provider")
        except GeneratorExit:
            self.stopped += 1
            raise

    async def models(self) -> Sequence[ModelInfo]:
        return ()

    async def close(self) -> None:
        self.closed = True


class Measures(Says):
    """A provider that makes vectors too."""

    async def embed(self, body: Mapping[str, object], model: str = "") -> Mapping[str, object]:
        return {"of": self.pieces[0], "model": model, **body}


def fault(*, retryable: bool = True) -> ProviderError:
    return ProviderError("no", user_text=Phrase("error.model_failed"), retryable=retryable)


def models(*specs: ModelSpec, default: str = "", **providers: Says) -> Models:
    return Models(specs, {spec.name: providers.get(spec.name, Says(spec.name)) for spec in specs}, default)


async def ask(models: Models, model: str = "", parameters: Parameters | None = None) -> list[Delta]:
    request = ChatRequest(model, QUESTION, parameters or Parameters())
    return [delta async for delta in models.stream(request)]


async def text(models: Models, model: str = "") -> str:
    return "".join(delta.content for delta in await ask(models, model))


A, B, C = (ModelSpec(name) for name in "abc")


async def test_the_model_that_is_named_is_asked() -> None:
    assert await text(models(A, B), "b") == "b"


async def test_whoever_names_none_gets_the_first_or_the_default() -> None:
    assert await text(models(A, B)) == "a"
    assert await text(models(A, B, default="b")) == "b"


async def test_a_type_names_the_first_of_its_models() -> None:
    known = models(A, ModelSpec("r1", type="reasoner"), ModelSpec("r2", type="reasoner"))
    assert await text(known, "reasoner") == "r1"
    found = models(A, ModelSpec("r1", type="reasoner"), default="reasoner").default()
    assert found.name == "r1"


def test_names_are_found_whatever_their_case_and_before_types() -> None:
    known = models(ModelSpec("GPT", type="coder"), ModelSpec("coder"))
    assert known.find("gpt") == ModelSpec("GPT", type="coder")
    assert known.find("coder") == ModelSpec("coder")
    assert known.find("Coder") == ModelSpec("coder")
    assert known.find("nobody") is None


async def test_a_name_that_is_none_is_a_failure() -> None:
    with pytest.raises(ProviderError, match="no model 'x'"):
        await ask(models(A), "x")


async def test_no_model_at_all_is_a_failure() -> None:
    none = models()
    with pytest.raises(ProviderError, match="no model is set up"):
        none.default()
    with pytest.raises(ProviderError):
        await ask(none)


async def test_the_pieces_name_the_model_as_the_hub_does() -> None:
    assert [delta.model for delta in await ask(models(A)) if delta.model] == ["a"]


async def test_another_model_stands_in_while_nothing_has_come() -> None:
    first = ModelSpec("a", fallback=("b", "c"))
    failing = Says(fails=fault())
    known = models(first, B, C, a=failing, b=Says(fails=fault()))
    deltas = await ask(known)
    assert "".join(delta.content for delta in deltas) == "c"
    assert deltas[-1].model == "c"


async def test_the_one_that_stands_in_is_asked_by_its_own_name_and_parameters() -> None:
    other = Says("b")
    spec = ModelSpec("b", parameters=Parameters(temperature=0.1))
    await ask(models(ModelSpec("a", fallback=("b",)), spec, a=Says(fails=fault()), b=other))
    assert (other.asked[0].model, other.asked[0].parameters.temperature) == ("b", 0.1)


async def test_stand_ins_of_stand_ins_are_asked_each_once() -> None:
    a, b, c = ModelSpec("a", fallback=("b",)), ModelSpec("b", fallback=("a", "c")), ModelSpec("c", fallback=("b",))
    providers = {name: Says(fails=fault()) for name in "abc"}
    with pytest.raises(ProviderError):
        await ask(Models((a, b, c), providers))
    assert [len(provider.asked) for provider in providers.values()] == [1, 1, 1]


async def test_what_has_begun_is_not_begun_again() -> None:
    other = Says("b")
    known = models(ModelSpec("a", fallback=("b",)), B, a=Says("half", fails=fault()), b=other)
    came = []
    with pytest.raises(ProviderError):  # noqa: PT012 - what came first is of interest
        async for delta in known.stream(ChatRequest("", QUESTION)):
            came.append(delta.content)  # noqa: PERF401 - kept when the failure comes
    assert came == ["half"]
    assert other.asked == []


async def test_what_another_model_would_refuse_too_goes_to_none() -> None:
    other = Says("b")
    known = models(ModelSpec("a", fallback=("b",)), B, a=Says(fails=fault(retryable=False)), b=other)
    with pytest.raises(ProviderError):
        await ask(known)
    assert other.asked == []


async def test_the_last_failure_is_the_one_that_counts() -> None:
    last = fault()
    known = models(ModelSpec("a", fallback=("b",)), B, a=Says(fails=fault()), b=Says(fails=last))
    with pytest.raises(ProviderError) as error:
        await ask(known)
    assert error.value is last


async def test_a_caller_who_goes_stops_the_model() -> None:
    provider = Says("one", "two", "three")
    async with aclosing(cast("Any", models(A, a=provider).stream(ChatRequest("a", QUESTION)))) as deltas:
        async for _ in deltas:
            break
    assert provider.stopped == 1


async def test_what_is_asked_for_comes_before_the_models_own_parameters() -> None:
    provider = Says("a")
    spec = ModelSpec("a", parameters=Parameters(temperature=0.1, max_tokens=10, stop=("x",)))
    await ask(models(spec, a=provider), "a", Parameters(temperature=0.0, stop=("y",)))
    assert provider.asked[0].parameters == Parameters(temperature=0.0, max_tokens=10, stop=("y",))


def test_parameters_that_nobody_set_stay_unset() -> None:
    asked = Parameters(top_p=0.5)
    assert merged(Parameters(), asked) is asked
    assert merged(asked, Parameters()) == asked


@pytest.mark.parametrize(
    ("specs", "default", "told"),
    [
        ((A, ModelSpec("a", id="other")), "", "two models have the name 'a'"),
        ((ModelSpec("a", fallback=("x",)),), "", "names 'x'"),
        ((A,), "x", "default model 'x'"),
        ((), "x", "there are none"),
    ],
)
def test_settings_that_name_nothing_are_refused(specs: tuple[ModelSpec, ...], default: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        models(*specs, default=default)


def test_a_model_needs_a_provider() -> None:
    with pytest.raises(ConfigError, match="no provider"):
        Models((A,), {})


def test_people_see_what_there_is() -> None:
    spec = ModelSpec("a", id="x", vision=True, context_tokens=5, note="good")
    known = models(spec, B)
    assert known.list() == (ModelInfo("a", "openai", "x", True, 5, "good"), ModelInfo("b", "openai", ""))
    assert known.specs() == (spec, B)


def test_the_default_model_is_seen_first() -> None:
    assert [info.name for info in models(A, B, default="b").list()] == ["b", "a"]


async def test_closing_closes_every_provider() -> None:
    provider = Says("a")
    await models(A, a=provider).close()
    assert provider.closed


async def test_vectors_come_from_the_model_of_the_name() -> None:
    both = models(ModelSpec("a"), ModelSpec("b"), a=Measures("a"), b=Measures("b"))
    assert await both.embed("B", {"input": "x"}) == {"of": "b", "model": "", "input": "x"}


async def test_vectors_of_an_unknown_model_come_from_where_the_default_one_does() -> None:
    both = models(ModelSpec("a"), ModelSpec("b"), default="b", a=Measures("a"), b=Measures("b"))
    assert await both.embed("embed-3", {"input": "x"}) == {"of": "b", "model": "embed-3", "input": "x"}


async def test_not_every_provider_makes_vectors() -> None:
    with pytest.raises(ProviderError) as caught:
        await models(ModelSpec("a")).embed("a", {"input": "x"})
    assert caught.value.status == 501
    with pytest.raises(ProviderError):
        await models().embed("a", {"input": "x"})


async def test_a_stand_in_that_takes_no_tools_is_asked_without_and_who_failed_is_named() -> None:
    main, spare = Says(fails=fault()), Says("ok")
    specs = (ModelSpec("main", fallback=("spare",)), ModelSpec("spare", tools=False))
    turns = (
        *QUESTION,
        Turn("assistant", "", tool_calls=(ToolCall("c", "look", "{}"),)),
        Turn("tool", "rain", tool_call_id="c"),
    )
    known = models(*specs, main=main, spare=spare)
    request = ChatRequest("main", turns, tools=(Tool("look", ""),))
    assert [delta.content async for delta in known.stream(request)] == ["ok", ""]
    assert main.asked[0].tools == request.tools
    assert (spare.asked[0].tools, spare.asked[0].turns) == ((), QUESTION)
    spare.fails = fault()
    spare.pieces = ()
    with pytest.raises(ProviderError) as told:
        _ = [delta async for delta in known.stream(request)]
    assert told.value.model == "spare"
