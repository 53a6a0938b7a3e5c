import pytest

from hubbub.core.models import sees

SEEING = (
    "gpt-4o-mini gpt-5.4-mini o3 openai/o4-mini claude-sonnet-5 gemini-flash-latest qwen-vl-max qwen3-vl:8b glm-4.5v "
    "Qwen/Qwen2.5-VL-7B-Instruct llava:7b llama-4-scout kimi-k2.6 gemma3:4b"
)
BLIND = "deepseek-v4-flash qwen2.5-0.5b openai/gpt-oss-120b gpt-3.5-turbo llama-3.3-70b smollm2-135m"


@pytest.mark.parametrize("name", SEEING.split())
def test_families_that_see(name: str) -> None:
    assert sees(name) is True


@pytest.mark.parametrize("name", BLIND.split())
def test_families_that_do_not(name: str) -> None:
    assert sees(name) is False


@pytest.mark.parametrize("name", ["", "bench", "my-model", "foo3-bar", "qwen-plus"])
def test_others_are_unknown(name: str) -> None:
    assert sees(name) is None
