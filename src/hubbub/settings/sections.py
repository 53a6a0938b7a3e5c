"""The sections of the settings: every key with its type, default and meaning."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

SHORTEST_PASSWORD = 8

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
TriggerName = Literal["mention", "reply", "prefix", "thread", "always"]


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _people(value: tuple[str, ...]) -> tuple[str, ...]:
    for person in value:
        if not all(person.partition(":")):
            message = f"{person!r} should be platform:id, as the command sid shows it"
            raise ValueError(message)
    return value


class Section(BaseModel):
    """A part of the settings: a key that it does not know is a mistake, and nothing changes after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)


class Server(Section):
    """Where the hub keeps its data, where it listens, and what it writes to its log."""

    data_dir: Path = Field(Path("data"), description="Folder for everything that the hub keeps.")
    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 is every address of the machine.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    tls_cert: Path | None = Field(None, description="Certificate chain (PEM); with tls_key the hub serves HTTPS.")
    tls_key: Path | None = Field(None, examples=["key.pem"], description="Private key (PEM) of tls_cert.")
    public_url: str = Field("", description="Address under which others reach the hub, for links and webhooks.")
    trusted_networks: tuple[str, ...] = Field(
        ("127.0.0.0/8", "::1/128"),
        description="Networks whose callers need no token for the imitated APIs; never a request through a proxy.",
    )
    admin_password: SecretStr | None = Field(
        None, description="Secret of the admin; without one a random secret is made and printed once."
    )
    max_body_bytes: int = Field(8_388_608, ge=1024, description="Largest body of a request, in bytes.")
    timezone: str = Field("", description="Time zone such as Asia/Shanghai; empty is the machine's own.")
    log_level: Annotated[LogLevel, BeforeValidator(_upper)] = Field("INFO", description="Least level that is logged.")
    log_format: Literal["text", "json"] = Field("text", description="How a line of the log is written.")
    log_file: str = Field(
        "hubbub.log", description="File in data_dir that the log is written to as well; empty is none."
    )
    log_file_bytes: int = Field(
        5_000_000, ge=10_000, description="Size at which the log begins a new file, the full one getting a number."
    )
    log_files: int = Field(3, ge=0, le=100, description="How many full files of the log are kept.")
    proxy: str = Field(
        "", description='HTTP proxy for requests to other machines; "none" is none, empty the environment\'s.'
    )
    no_proxy: tuple[str, ...] = Field(
        (), description="Hosts that are reached without a proxy; a name stands for its subdomains too."
    )

    @field_validator("trusted_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(network, strict=False)) for network in value)

    @field_validator("admin_password")
    @classmethod
    def _long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and 0 < len(value.get_secret_value()) < SHORTEST_PASSWORD:
            message = f"should have at least {SHORTEST_PASSWORD} characters"
            raise ValueError(message)
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str) -> str:
        if value not in ("", "none") and not re.fullmatch(r"https?://[^/\s]\S*", value):
            message = 'should be an address that begins with http:// or https://, or "none"'
            raise ValueError(message)
        return value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.match(r"https?://[^/\s]", value):
            message = "should be an address that begins with http:// or https://"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        name = value.removeprefix(":")
        if not name:
            return ""
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = "should be a time zone such as Asia/Shanghai or UTC"
            raise ValueError(message) from error
        return name

    @model_validator(mode="after")
    def _tls(self) -> Server:
        if (self.tls_cert is None) != (self.tls_key is None):
            message = "tls_cert and tls_key should both be set, or neither"
            raise ValueError(message)
        return self


class Chat(Section):
    """How conversations with a model go, unless an owner chose otherwise."""

    language: Literal["auto", "zh", "en"] = Field(
        "auto", description="Language of the hub's own sentences; auto goes by the person."
    )
    system_prompt: str = Field("", description="What every model is told first; empty takes the built-in text.")
    personas: dict[str, str] = Field(
        default_factory=dict, description="Prompts that people may choose by name, as name = text."
    )
    session_minutes: float = Field(0, ge=0, description="Silence after which a conversation starts afresh; 0: never.")
    context_tokens: int = Field(
        8192, ge=0, description="Most tokens of a request to a model; 0: as many as the model takes."
    )
    context_turns: int = Field(400, ge=2, description="Most turns of a conversation that are read for a request.")
    pictures: int = Field(4, ge=0, description="Most pictures in a request.")
    answer_tokens: int = Field(0, ge=0, description="Most tokens of one answer; 0 leaves it to the model.")
    answer_seconds: float = Field(300.0, gt=0, description="Longest time that one answer may take.")
    temperature: float | None = Field(
        None, ge=0, le=2, examples=[0.7], description="How freely a model chooses its words."
    )
    top_p: float | None = Field(
        None, gt=0, le=1, examples=[0.9], description="Share of likely words that a model chooses from."
    )
    frequency_penalty: float | None = Field(
        None, ge=-2, le=2, examples=[0.0], description="Keeps a model from using a word often."
    )
    presence_penalty: float | None = Field(
        None, ge=-2, le=2, examples=[0.0], description="Keeps a model from staying with a matter."
    )
    summarize: bool = Field(False, description="Replace what no longer fits a request by a summary of it.")
    summary_tokens: int = Field(500, ge=1, description="Most tokens of such a summary.")
    summary_input: int = Field(4000, ge=1, description="Most tokens that a model is given to summarize at once.")
    summary_seconds: float = Field(30.0, gt=0, description="Longest time that a summary may take.")
    variables: Literal["off", "prompts", "all"] = Field(
        "prompts",
        description="Where variables such as {user_name} are expanded; all: in messages and answers, too.",
    )
    show_reasoning: bool = Field(False, description="Show what a reasoning model thought, before its answer.")
    quote_in_groups: bool = Field(True, description="Let an answer in a group quote the question.")
    stream: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Show answers while they are written, by editing one message: auto where the platform is good at"
        " it, on wherever it can edit, or off.",
    )
    stream_after: float = Field(
        1.0, ge=0, description="Seconds from the first words of an answer until it is shown while it is written."
    )
    shared_groups: bool = Field(False, description="One conversation for a whole group instead of one per member.")


class Limits(Section):
    """What one owner may use, a group, and the whole bot; 0 is no limit. Days begin at midnight of server.timezone.

    A question is counted before the model is asked, on all processes together.
    """

    messages_per_minute: int = Field(0, ge=0, description="Messages and commands of one owner in a minute.")
    messages_per_day: int = Field(0, ge=0, description="Questions to a model per owner and day.")
    tokens_per_day: int = Field(
        0, ge=0, description="Tokens of models per owner and day; the last answer of a day may go over it."
    )
    money_per_day: float = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Money per owner and day, by the prices of the models and in their currency; a question that would"
        " probably go over it is not asked.",
    )
    currency: str = Field("", max_length=16, description="What prices of models are in, as people are told it.")
    message_characters: int = Field(0, ge=0, description="Longest question, in characters.")
    group_messages_per_minute: int = Field(
        0, ge=0, description="Messages and commands per group, of all its members together, in a minute."
    )
    group_messages_per_day: int = Field(
        0, ge=0, description="Questions to a model per group, of all its members together, and day."
    )
    group_tokens_per_day: int = Field(
        0, ge=0, description="Tokens of models per group, of all its members together, and day."
    )
    group_money_per_day: float = Field(
        0, ge=0, le=1_000_000, description="Money per group, of all its members together, and day."
    )
    bot_messages_per_minute: int = Field(
        0, ge=0, description="Messages and commands of everybody together in a minute."
    )
    bot_messages_per_day: int = Field(0, ge=0, description="Questions to a model of everybody together and day.")
    bot_tokens_per_day: int = Field(0, ge=0, description="Tokens of models of everybody together and day.")
    bot_money_per_day: float = Field(0, ge=0, le=1_000_000, description="Money of everybody together and day.")


class Access(Section):
    """Who may talk to the bot. What admins allow and block in a chat is kept in the data, and counts beside this."""

    mode: Literal["open", "pairing", "list"] = Field(
        "open",
        description="open: everybody; list: only who is listed or let in by an admin, and groups that an admin"
        " switched on with the command room; pairing: as list, and strangers get a code that an admin can confirm.",
    )
    others: Literal["user", "guest"] = Field(
        "user", description="What everybody is in an open hub; a guest gets no answers of a model."
    )
    owners: tuple[str, ...] = Field((), description="Who may do everything, as platform:id of the person.")
    allowed: tuple[str, ...] = Field((), description="Who is let in, as platform:id of the person.")

    _check = field_validator("owners", "allowed")(_people)


class Commands(Section):
    """How commands are recognised, and who may give which."""

    prefixes: tuple[str, ...] = Field(
        ("/", "!", "！", "@", "#"), description="Signs that a command may begin with; full-width forms count too."
    )
    admins: tuple[str, ...] = Field((), description="Who may give admin commands, as platform:id of the person.")
    blocked: tuple[str, ...] = Field((), description="Who gets no answer at all, as platform:id of the person.")
    names: tuple[str, ...] = Field((), description="Names of the bot, as people write them behind an @.")
    disabled: tuple[str, ...] = Field((), description="Names of commands that nobody may give.")

    @field_validator("prefixes")
    @classmethod
    def _signs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not sign or sign != sign.strip() or len(sign) > 8 for sign in value):
            message = "should be signs of 1 to 8 characters without spaces"
            raise ValueError(message)
        return value

    _check = field_validator("admins", "blocked")(_people)


class RoomRule(Section):
    """When the bot answers in rooms; in private chats always, but where the name of the section has /private/ in it."""

    trigger: tuple[TriggerName, ...] = Field(
        ("mention", "reply", "prefix"),
        description="What makes the bot answer: mention, reply (to the bot), prefix (a command's sign), thread (any "
        "message in a thread that it was asked in) or always.",
    )
    words: tuple[str, ...] = Field((), description="Words at the beginning of a message that address the bot too.")
    shared: bool | None = Field(None, description="One conversation for the whole room; unset: chat.shared_groups.")
    render: Literal["never", "always", "auto"] | None = Field(
        None, description="Which replies become pictures there: never, always or auto; unset: rendering.when."
    )
    stream: Literal["auto", "on", "off"] | None = Field(
        None, description="Whether answers are shown there while they are written: auto, on, off; unset: chat.stream."
    )


class Dispatch(Section):
    """How much is worked on at once."""

    conversations: int = Field(1000, ge=1, description="Conversations that are answered at the same time.")
    accepted: int = Field(10_000, ge=1, description="Messages that wait; beyond it platforms are told to come later.")
    shutdown_seconds: float = Field(10.0, ge=0, description="Time that running answers get when the hub is stopped.")
