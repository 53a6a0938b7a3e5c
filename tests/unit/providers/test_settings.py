import pytest
from pydantic import ValidationError

from hubbub.core.models import ModelSpec, Timeouts
from hubbub.core.turns import Parameters
from hubbub.providers.settings import MainModel, ModelSettings


def test_every_key_says_what_it_is() -> None:
    for model in (MainModel, ModelSettings):
        assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_the_defaults_are_those_of_a_model() -> None:
    spec = ModelSettings(name="m").spec()
    assert spec == ModelSpec("m")


def test_everything_that_is_set_reaches_the_model() -> None:
    settings = ModelSettings.model_validate(
        {
            "name": "main",
            "type": "coder",
            "id": "qwen-vl-max",
            "base_url": "https://x.example/v1",
            "api_key": ["k1", " k2 ", ""],
            "api": "completions",
            "vision": "auto",
            "context_tokens": 9000,
            "fallback": ["other"],
            "price_in": 1.5,
            "price_out": 2,
            "temperature": 0.3,
            "max_tokens": 100,
            "stop": ["END"],
            "proxy": "http://127.0.0.1:7890",
            "headers": {"X-Title": "Hubbub"},
            "extra": {"enable_thinking": False},
            "connect_timeout": 1,
            "first_byte_timeout": 2,
            "idle_timeout": 3,
            "timeout": 4,
            "attempts": 5,
        }
    )
    assert settings.spec() == ModelSpec(
        name="main",
        type="coder",
        id="qwen-vl-max",
        base_url="https://x.example/v1",
        api_keys=("k1", "k2"),
        api="completions",
        vision=True,
        context_tokens=9000,
        fallback=("other",),
        price_in=1.5,
        price_out=2.0,
        parameters=Parameters(temperature=0.3, max_tokens=100, stop=("END",)),
        proxy="http://127.0.0.1:7890",
        headers={"X-Title": "Hubbub"},
        extra={"enable_thinking": False},
        timeouts=Timeouts(1, 2, 3, 4),
        attempts=5,
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"name": "m", "modell": 1}, "modell"),
        ({"name": ""}, "name"),
        ({"id": "x"}, "name"),
        ({"name": "m", "type": ""}, "type"),
        ({"name": "m", "base_url": "example.com/v1"}, "begins with http://"),
        ({"name": "m", "proxy": "socks5://x:1"}, "begins with http://"),
        ({"name": "m", "temperature": 3}, "temperature"),
        ({"name": "m", "timeout": 0}, "timeout"),
        ({"name": "m", "fallback": ["m"]}, "fallback should name other models"),
        ({"name": "m", "provider": "embedded", "api_key": "k"}, "not for embedded models"),
        ({"name": "m", "path": "x.gguf"}, 'provider = "embedded"'),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ModelSettings.model_validate(settings)


def test_no_proxy_can_be_said() -> None:
    assert ModelSettings(name="m", proxy="none").spec().proxy == "none"


@pytest.mark.parametrize(
    ("vision", "model", "sees"),
    [("auto", "gpt-4o", True), ("auto", "deepseek-v4-flash", False), ("auto", "mine", None), (True, "mine", True)],
)
def test_whether_a_model_sees(vision: object, model: str, sees: bool | None) -> None:
    assert MainModel.model_validate({"name": model, "vision": vision}).sees is sees
    assert ModelSettings.model_validate({"name": "m", "id": model, "vision": vision}).spec().vision is sees


@pytest.mark.parametrize(
    ("tools", "provider", "takes"),
    [
        ("auto", "openai", None),
        (True, "openai", True),
        ("false", "openai", False),
        ("auto", "embedded", False),
        (True, "embedded", True),
    ],
)
def test_whether_a_model_takes_tools(tools: object, provider: str, takes: bool | None) -> None:
    settings = ModelSettings.model_validate({"name": "m", "tools": tools, "provider": provider})
    assert settings.spec().tools is takes
    if provider == "openai":
        assert MainModel.model_validate({"tools": tools}).calls is takes


def test_text_of_the_environment_is_understood() -> None:
    assert MainModel.model_validate({"vision": "true", "api_key": "k"}).sees is True
    assert MainModel.model_validate({"vision": "false"}).sees is False


def test_a_secret_does_not_show() -> None:
    settings = ModelSettings.model_validate({"name": "m", "api_key": "sk-secret"})
    assert "sk-secret" not in repr(settings)
    assert "sk-secret" not in repr(settings.spec())
    assert settings.spec().api_keys == ("sk-secret",)
