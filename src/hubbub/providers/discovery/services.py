"""Services whose keys people have in their environment, in the order in which they are chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.core.models import ModelSpec, sees
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the OpenAI interface.

    ``keys``: variables, the first that is set counts; the first one's family names the address too
    (``DEEPSEEK_API_KEY``: ``DEEPSEEK_BASE_URL``). ``model`` is asked when none is chosen, with ``extra``.
    """

    name: str
    keys: tuple[str, ...]
    base_url: str
    model: str
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def address_variable(self) -> str:
        """The variable that sets another address of the service."""
        return self.keys[0].removesuffix("_API_KEY") + "_BASE_URL"


# The order: what says most clearly that it is meant for a chat program comes first; gateways and the rest follow.
SERVICES = (
    Service("OpenAI", ("OPENAI_API_KEY",), "https://api.openai.com/v1", "gpt-5.4-mini"),
    Service(
        "DeepSeek",
        ("DEEPSEEK_API_KEY",),
        "https://api.deepseek.com/v1",
        "deepseek-v4-flash",
        {"thinking": {"type": "disabled"}},
    ),
    Service("Moonshot", ("MOONSHOT_API_KEY", "KIMI_API_KEY"), "https://api.moonshot.cn/v1", "kimi-k2.6"),
    Service(
        "Zhipu",
        ("ZHIPU_API_KEY", "ZHIPUAI_API_KEY", "GLM_API_KEY", "ZAI_API_KEY"),
        "https://open.bigmodel.cn/api/paas/v4",
        "glm-4.7-flash",
    ),
    Service("Qwen", ("DASHSCOPE_API_KEY",), "https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen-plus"),
    Service("SiliconFlow", ("SILICONFLOW_API_KEY",), "https://api.siliconflow.cn/v1", "Qwen/Qwen3-8B"),
    Service("OpenRouter", ("OPENROUTER_API_KEY",), "https://openrouter.ai/api/v1", "openrouter/auto"),
    Service("Anthropic", ("ANTHROPIC_API_KEY",), "https://api.anthropic.com/v1", "claude-sonnet-5"),
    Service(
        "Gemini",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "gemini-flash-latest",
    ),
    Service("xAI", ("XAI_API_KEY",), "https://api.x.ai/v1", "grok-4-1-fast-non-reasoning-latest"),
    Service("Mistral", ("MISTRAL_API_KEY",), "https://api.mistral.ai/v1", "mistral-small-latest"),
    Service("Groq", ("GROQ_API_KEY",), "https://api.groq.com/openai/v1", "openai/gpt-oss-120b"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A model that can be asked, and the variable or the server that says so."""

    spec: ModelSpec
    reason: Phrase


def is_set(name: str) -> Phrase:
    """A variable or a key of the settings is set."""
    return Phrase("reason.set", {"name": name})


def services_in(environ: Mapping[str, str]) -> tuple[Found, ...]:
    """A model of every service whose key (or, for OpenAI, whose address) is in the environment."""
    found = []
    for service in SERVICES:
        variable = next((name for name in service.keys if environ.get(name, "").strip()), "")
        address = environ.get(service.address_variable, "").strip()
        if not variable and not (address and service is SERVICES[0]):
            continue
        keys = (environ[variable].strip(),) if variable else ()
        # Behind another address of OpenAI's interface there may be any model: the first that it lists is taken.
        model = "" if address and service is SERVICES[0] else service.model
        spec = ModelSpec(
            name=model or service.name.lower(),
            id=model,
            base_url=address or service.base_url,
            api_keys=keys,
            extra=service.extra if model else {},
            vision=sees(model),
            note=service.name,
        )
        found.append(Found(spec, is_set(variable or service.address_variable)))
    return tuple(found)
