"""The terminal, with a hub that runs and without one: the same conversation."""

from __future__ import annotations

from pathlib import Path

from tests.crash.program import Program
from tests.fakes.model import FakeModel


def asked(model: FakeModel) -> list[str]:
    return [each["content"] for each in model.requests[-1].body["messages"] if each["role"] != "system"]


async def test_a_conversation_goes_on_whoever_serves_it(tmp_path: Path) -> None:
    async with FakeModel(check=False) as model:
        environ = {"HUBBUB_MODEL": "fake", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-journey"}
        hub = Program(tmp_path, environ)
        try:
            code, out, errors = await hub.call("chat", "--once", "one")
            assert (code, out) == (0, "LLM-OK one\n"), errors
            hub.start()
            await hub.listening()
            code, out, errors = await hub.call("chat", "--once", "two")
            assert (code, out) == (0, "LLM-OK two\n"), errors
            assert asked(model) == ["one", "LLM-OK one", "two"]
            assert await hub.end() == 0
            code, out, errors = await hub.call("chat", "--once", "three")
            assert (code, out) == (0, "LLM-OK three\n"), errors
            assert asked(model)[-2:] == ["LLM-OK two", "three"]
        finally:
            hub.clear()


async def test_a_failure_of_the_model_is_a_sentence_in_the_terminal(tmp_path: Path) -> None:
    async with FakeModel(check=False) as model:
        environ = {"HUBBUB_MODEL": "fake", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-journey"}
        hub = Program(tmp_path, environ)
        model.fail(401)
        code, out, errors = await hub.call("chat", "--once", "one")
        assert code == 0
        assert "(error " in out
        assert "Traceback" not in out + errors
        assert out.split("(error ")[1][:8] in errors, "the cause is on stderr"
