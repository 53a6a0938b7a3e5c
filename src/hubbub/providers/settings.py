"""The settings of models: the section `[model]` for the one that most people need, `[[models]]` for many."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hubbub.core.models import ModelApi, ModelSpec, ModelType, Timeouts, sees
from hubbub.core.turns import Parameters

Keys = SecretStr | tuple[SecretStr, ...] | None
Known = bool | Literal["auto"]


def _keys(setting: Keys) -> tuple[str, ...]:
    keys = () if setting is None else setting if isinstance(setting, tuple) else (setting,)
    return tuple(key.get_secret_value().strip() for key in keys if key.get_secret_value().strip())


def _vision(setting: Known, model_id: str) -> bool | None:
    return sees(model_id) if setting == "auto" else setting


def _told(setting: Known) -> bool | None:
    """What is set; None where only asking tells."""
    return None if setting == "auto" else setting


def _address(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        message = "should be an address that begins with http:// or https://, such as http://127.0.0.1:11434/v1"
        raise ValueError(message)
    return value


def _proxy(value: str) -> str:
    return value if value == "none" else _address(value)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MainModel(_Section):
    """The model of a hub that needs one: its service, its key and its name there."""

    name: str = Field("", description="Model to ask, by its name at the service; empty takes one that is there.")
    base_url: str = Field("", description="Address of the service, such as https://api.deepseek.com/v1.")
    api_key: Keys = Field(None, description="Key of the service, or several that are used in turn.")
    vision: Known = Field("auto", description='Whether the model sees pictures; "auto" goes by its name.')
    tools: Known = Field("auto", description='Whether the model can use tools; "auto" asks with them, and learns.')

    _check = field_validator("base_url")(_address)

    @property
    def api_keys(self) -> tuple[str, ...]:
        """The keys that are set."""
        return _keys(self.api_key)

    @property
    def sees(self) -> bool | None:
        """Whether the model takes pictures, where that is known."""
        return _vision(self.vision, self.name)

    @property
    def calls(self) -> bool | None:
        """Whether the model can use tools, where that is set."""
        return _told(self.tools)


class ModelSettings(_Section):
    """One of several models, by the name that the hub gives it."""

    name: str = Field(min_length=1, max_length=64, description="Name in the hub, which people choose it by.")
    type: ModelType = Field(
        "chat",
        min_length=1,
        max_length=64,
        description="chat, reasoner, coder, prover or a word of your own; its first model is asked by that word.",
    )
    provider: str = Field(
        "openai", description="openai for any service or server of that interface, embedded to run it inside the hub."
    )
    id: str = Field("", description="Its name at the service; empty takes the first that the service lists.")
    base_url: str = Field("", description="Address of the service; empty is OpenAI's own.")
    api_key: Keys = Field(None, description="Key of the service, or several that are used in turn.")
    api: ModelApi = Field("chat", description="completions for models that can only continue a text.")
    path: str = Field("", description="File of an embedded model (GGUF) in the folder models of the data folder.")
    vision: Known = Field("auto", description='Whether it sees pictures; "auto" goes by its name.')
    tools: Known = Field(
        "auto",
        description='Whether it can use tools; "auto" asks with them, and learns. Embedded models are not asked.',
    )
    context_tokens: int = Field(0, ge=0, description="Most tokens of a request and its answer; 0: not known.")
    fallback: tuple[str, ...] = Field((), description="Names of models that are asked, in order, when this one fails.")
    price_in: float = Field(0.0, ge=0, description="Price of a million tokens of requests.")
    price_out: float = Field(0.0, ge=0, description="Price of a million tokens of answers.")
    temperature: float | None = Field(None, ge=0, le=2, examples=[0.7], description="How freely it chooses words.")
    top_p: float | None = Field(None, gt=0, le=1, examples=[0.9], description="Share of likely words to choose from.")
    frequency_penalty: float | None = Field(
        None, ge=-2, le=2, examples=[0.0], description="Keeps it from using a word often."
    )
    presence_penalty: float | None = Field(
        None, ge=-2, le=2, examples=[0.0], description="Keeps it from staying with a matter."
    )
    max_tokens: int | None = Field(None, ge=1, examples=[2048], description="Most tokens of one answer.")
    stop: tuple[str, ...] = Field((), max_length=4, description="Texts at which the answer ends.")
    proxy: str = Field("", description='HTTP proxy to reach the service; "none" is none, empty the environment\'s.')
    headers: dict[str, str] = Field(default_factory=dict, description="More headers of every request.")
    extra: dict[str, object] = Field(default_factory=dict, description="More fields of every request, as they are.")
    connect_timeout: float = Field(10.0, gt=0, description="Seconds until a connection stands.")
    first_byte_timeout: float = Field(120.0, gt=0, description="Seconds until a streamed answer begins.")
    idle_timeout: float = Field(60.0, gt=0, description="Seconds between two pieces of a streamed answer.")
    timeout: float = Field(600.0, gt=0, description="Seconds for a whole answer.")
    attempts: int = Field(3, ge=1, le=10, description="How often it is asked before it counts as failed.")

    _check = field_validator("base_url")(_address)

    _check_proxy = field_validator("proxy")(_proxy)

    @model_validator(mode="after")
    def _whole(self) -> ModelSettings:
        if self.provider == "embedded" and (self.base_url or self.api_key):
            message = 'base_url and api_key are not for embedded models; take them away, or provider = "openai"'
            raise ValueError(message)
        if self.path and self.provider != "embedded":
            message = 'path is for embedded models; take it away, or set provider = "embedded"'
            raise ValueError(message)
        if self.name in self.fallback:
            message = "fallback should name other models, not the model itself"
            raise ValueError(message)
        return self

    def spec(self) -> ModelSpec:
        """The model as the rest of the hub knows it."""
        return ModelSpec(
            name=self.name,
            provider=self.provider,
            type=self.type,
            id=self.id,
            base_url=self.base_url,
            api_keys=_keys(self.api_key),
            api=self.api,
            proxy=self.proxy,
            headers=self.headers,
            fallback=self.fallback,
            parameters=self._parameters(),
            extra=self.extra,
            price_in=self.price_in,
            price_out=self.price_out,
            vision=_vision(self.vision, self.id or self.path or self.name),
            tools=False if self.provider == "embedded" and self.tools == "auto" else _told(self.tools),
            context_tokens=self.context_tokens,
            timeouts=Timeouts(self.connect_timeout, self.first_byte_timeout, self.idle_timeout, self.timeout),
            attempts=self.attempts,
            path=self.path,
        )

    def _parameters(self) -> Parameters:
        return Parameters(
            temperature=self.temperature,
            top_p=self.top_p,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            max_tokens=self.max_tokens,
            stop=self.stop,
        )
