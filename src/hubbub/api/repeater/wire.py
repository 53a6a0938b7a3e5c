"""Parameters of the requests, and the answers as far as they are JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel, model_validator


class Form(BaseModel):
    """Parameters; what is not known is passed over, as it was."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class UserInfo(Form):
    """Who asks, as later clients say it."""

    username: str = ""
    nickname: str = ""


class ChatIn(Form):
    """A chat completion. ``message`` empty: the model is asked with what was said before."""

    message: str = Field("", description="What the user says; variables in it are expanded.")
    user_name: str = Field("", max_length=500, description="Name of the user, for the variable user_name.")
    role: Literal["system", "user", "assistant", "tool"] = Field("user", description="Whose words the message is.")
    role_name: str | None = Field(None, max_length=500, description="Name that goes with the message.")
    model_type: str | None = Field(
        None,
        max_length=300,
        validation_alias=AliasChoices("model_type", "model_uid"),
        description="Type or name of the model.",
    )
    load_prompt: bool = Field(True, description="Begin with the user's prompt.")
    rendering: bool = Field(False, description="Make a picture of the answer, too.")
    save_context: bool = Field(True, description="Remember question and answer.")
    reference_context_id: str | None = Field(
        None, max_length=1000, description="Answer to what this user said before; becomes the user's own context."
    )
    continue_completion: bool = Field(False, description="Let the model go on without a new message.")
    stream: bool = Field(False, description="Answer with pieces as the model writes, one JSON object a line.")
    user_info: UserInfo | None = Field(None, description="The form in which later clients name the user.")

    @property
    def called(self) -> str:
        """The user's name, however it was said."""
        info = self.user_info or UserInfo()
        return self.user_name or info.nickname or info.username


class ExpandIn(Form):
    """A text with variables."""

    username: str = Field(max_length=500)
    text: str

    @model_validator(mode="before")
    @classmethod
    def _somebody(cls, given: Any) -> Any:
        """Later clients name the user inside of an object."""
        info = given.get("user_info")
        if "username" not in given and isinstance(info, dict) and isinstance(info.get("username"), str):
            return {**given, "username": info["username"]}
        return given


class WithdrawIn(Form):
    """Which unit of a context, from 0."""

    index: int


class PairsIn(Form):
    """How many rounds of a context, from its end; the way of later clients."""

    context_pair_num: int | None = Field(None, ge=1, le=10_000)


class RewriteIn(Form):
    """A unit's new words; empty ones leave it as it is."""

    index: int
    content: str = ""
    reasoning_content: str = ""


class ChangeIn(Form):
    """The branch to go on with."""

    new_branch_id: str = Field(max_length=1000)


class ForkIn(Form):
    """A branch that begins as the current one does; ``index``: with so many units of it, unset: all."""

    new_branch_id: str = Field(max_length=1000)
    index: int | None = None


class InjectIn(Form):
    """A unit that nobody said."""

    role: str = Field("user", max_length=20)
    content: str
    name: str = Field("", max_length=500)


class PromptIn(Form):
    """What a model is told first."""

    prompt: str


class ConfigIn(Form):
    """A key and its value, which is read as the type that the path says."""

    key: str | None = Field(None, max_length=300)
    value: Any = Field(validation_alias=AliasChoices("value", "config"))


class KeyIn(Form):
    """A key."""

    key: str = Field(max_length=300)


class RenderIn(Form):
    """Markdown that is to be a picture. ``timeout``: seconds that the picture is kept."""

    text: str
    style: str | None = Field(None, max_length=100)
    timeout: int | None = Field(None, ge=1, le=86_400)


# --- answers -----------------------------------------------------------------------------------------------------


class Fault(BaseModel):
    """One parameter that does not fit."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any = None


class ErrorOut(BaseModel):
    """Every answer that is not a success."""

    detail: str | list[Fault]


class ChatOut(BaseModel):
    """An answer; the last two where a picture was wanted."""

    model_config = ConfigDict(extra="allow")

    reasoning_content: str
    content: str
    model_name: str
    model_type: str
    model_id: str
    image_url: str | None = None
    file_uuid: str | None = None


class UnitOut(BaseModel):
    """One unit of a context."""

    model_config = ConfigDict(extra="allow")

    role: str
    content: str


class UnitsOut(RootModel[list[UnitOut]]):
    """A context."""


class LengthOut(BaseModel):
    """How long a context is, in characters and units."""

    total_context_length: int
    context_length: int


class NamesOut(RootModel[list[str]]):
    """Users or branches."""


class ConfigOut(RootModel[dict[str, Any]]):
    """All settings of a user."""


class CallsOut(RootModel[list[dict[str, Any]]]):
    """Calls of models, the oldest first."""


class DetailOut(BaseModel):
    """That it is done."""

    detail: str


class KeyOut(BaseModel):
    """The new key, which nobody can look up later."""

    message: str
    admin_key: str


class PictureOut(BaseModel):
    """A picture, and until when (seconds after ``create``) it can be fetched."""

    image_url: str
    file_uuid: str
    style: str
    timeout: int
    text: str
    create: float
    create_ms: int
    created: float
    created_ms: int


class LinkOut(BaseModel):
    """A link that needs no token. ``expires`` in seconds since the epoch."""

    url: str
    expires: int
