import pytest

from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.providers.discovery.choice import DEMO, Choice, Main, choose, needs_probe
from hubbub.providers.discovery.local import LocalServer
from hubbub.words import say

OLLAMA = LocalServer("Ollama", "127.0.0.1:11434", ("qwen3:8b", "llava:7b"))
STUDIO = LocalServer("LM Studio", "127.0.0.1:1234", ("qwen3:8b",))
KEY = {"OPENAI_API_KEY": "sk-1"}
BENCH = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "HUBBUB_MODEL": "bench"}


def names(choice: Choice) -> list[str]:
    return [spec.name for spec in choice.specs]


def test_nothing_leads_to_the_demo_model() -> None:
    choice = choose(())
    assert choice.specs == (DEMO,)
    assert choice.demo
    assert say(choice.reason, "en") == "no key and no local server: the embedded demo model"
    assert "demo, English" in say(DEMO.note, "en")
    assert "models pull" in say(DEMO.note, "en")


def test_the_settings_come_before_everything() -> None:
    own = ModelSpec("mine", base_url="http://x/v1")
    choice = choose((own,), Main(api_keys=("k",)), KEY, (OLLAMA,))
    assert choice == Choice((own,), Phrase("reason.settings_one"))
    assert say(choose((own, ModelSpec("b"))).reason, "en") == "the settings name 2 models"


def test_a_key_comes_before_a_local_server() -> None:
    choice = choose((), Main(), KEY, (OLLAMA,))
    assert say(choice.reason, "en") == "OPENAI_API_KEY is set"
    assert not choice.demo
    assert [spec.base_url for spec in choice.specs] == ["https://api.openai.com/v1"]


def test_every_key_is_a_model_the_first_is_the_default() -> None:
    choice = choose((), Main(), {"GROQ_API_KEY": "g", "DEEPSEEK_API_KEY": "d"})
    assert [spec.note for spec in choice.specs] == ["DeepSeek", "Groq"]
    assert say(choice.reason, "en") == "DEEPSEEK_API_KEY is set"


def test_a_local_server_offers_all_its_models() -> None:
    choice = choose((), local=(OLLAMA, STUDIO))
    assert names(choice) == ["qwen3:8b", "llava:7b", "qwen3:8b-2"]
    assert say(choice.reason, "en") == "Ollama answers on 127.0.0.1:11434"
    assert [spec.base_url for spec in choice.specs] == ["http://127.0.0.1:11434/v1"] * 2 + ["http://127.0.0.1:1234/v1"]
    assert [spec.vision for spec in choice.specs] == [None, True, None]


def test_the_model_that_is_named_is_taken_from_the_servers() -> None:
    assert names(choose((), Main(id="llava:7b"), local=(OLLAMA,))) == ["llava:7b", "qwen3:8b"]


@pytest.mark.parametrize("main", [Main(), Main("bench", "http://127.0.0.1:9/v1", ("sk-1",))])
def test_the_environment_alone_or_through_the_settings_is_the_same(main: Main) -> None:
    main = Main("bench", main.base_url, main.api_keys)
    choice = choose((), main, BENCH)
    (spec,) = choice.specs
    assert (spec.name, spec.id, spec.base_url, spec.api_keys) == (
        "bench",
        "bench",
        "http://127.0.0.1:9/v1",
        ("sk-1",),
    )
    assert say(choice.reason, "en") == "OPENAI_API_KEY is set"


def test_a_name_alone_is_asked_of_the_first_service() -> None:
    choice = choose((), Main(id="deepseek-v4-pro"), {"DEEPSEEK_API_KEY": "d"})
    assert (choice.specs[0].id, choice.specs[0].base_url) == ("deepseek-v4-pro", "https://api.deepseek.com/v1")
    assert choice.specs[0].extra == {}


def test_an_address_in_the_settings_never_gets_lost_to_a_key_of_the_environment() -> None:
    main = Main("m", "https://mine.example/v1", ("sk-1",))
    choice = choose((), main, KEY | {"GROQ_API_KEY": "g"})
    assert next(spec.base_url for spec in choice.specs) == "https://mine.example/v1"
    assert "https://api.openai.com/v1" not in [spec.base_url for spec in choice.specs]
    assert say(choice.reason, "en") == "model.base_url is set"


def test_a_key_in_the_settings_alone_is_openais() -> None:
    choice = choose((), Main(api_keys=("k",)))
    assert (choice.specs[0].base_url, choice.specs[0].id) == ("", "gpt-5.4-mini")
    assert say(choice.reason, "en") == "model.api_key is set"


def test_whether_the_model_takes_tools_can_be_said() -> None:
    for main in (Main(id="m", tools=False), Main(id="m", base_url="http://x/v1", tools=False)):
        assert choose((), main, KEY).specs[0].tools is False
    assert choose(()).specs[0].tools is False  # the demo model
    assert choose((), Main(id="m"), KEY).specs[0].tools is None


@pytest.mark.parametrize(("vision", "expected"), [(True, True), (False, False), (None, True)])
def test_whether_the_model_sees_can_be_said(vision: bool | None, expected: bool) -> None:
    choice = choose((), Main(id="gpt-4o", vision=vision), KEY)
    assert choice.specs[0].vision is expected


@pytest.mark.parametrize(
    ("models", "main", "environ", "needed"),
    [
        ((), Main(), {}, True),
        ((), Main(id="qwen3"), {}, True),
        ((ModelSpec("m"),), Main(), {}, False),
        ((), Main(base_url="http://x"), {}, False),
        ((), Main(), KEY, False),
    ],
)
def test_servers_are_looked_for_only_where_it_matters(
    models: tuple[ModelSpec, ...], main: Main, environ: dict[str, str], needed: bool
) -> None:
    assert needs_probe(models, main, environ) is needed
