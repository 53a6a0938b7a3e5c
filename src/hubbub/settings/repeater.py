"""The section of the Repeater's API, and under which names its backend's own settings are taken."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from hubbub.settings.sections import Section

_SHORTEST_KEY = 16
_FEWEST_SIGNS = 6
_LEAST_BITS = 3.5


class Repeater(Section):
    """The API of the Repeater's backend, and what variables in prompts and messages tell of the bot."""

    api_info_file: Path | None = Field(
        None, description="Models in the format of apiconfig.json, beside those of [[models]]."
    )
    model_type: str = Field("", description="Type of the model that answers whoever chose none, such as chat.")
    prompt_dir: Path | None = Field(None, description="Folder of more personas, one NAME.txt each.")
    preset: str = Field("", description="Persona of whoever chose none and wrote no prompt.")
    nickname_file: Path | None = Field(
        None, description="JSON object of what people are called, by the name or id that they come with."
    )
    bot_name: str = Field("Hubbub", min_length=1, description="What the variable botname says.")
    version: str = Field("", description="What the variable version says; empty is the hub's own.")
    birthday_year: int = Field(2024, ge=1, le=9999, description="Year in which the bot was born.")
    birthday_month: int = Field(6, ge=1, le=12, description="Month of it.")
    birthday_day: int = Field(28, ge=1, le=31, description="Day of it.")
    timezone_offset: float | None = Field(
        None, ge=-14, le=14, description="Hours east of UTC of whoever chose none; unset: server.timezone."
    )
    platform: str = Field(
        "", description="Platform whose people ids like Group:1:2 and Private:2 stand for; empty: users of their own."
    )
    call_log: bool | None = Field(
        None, description="Keep a record of every call of a model; unset: where repeater.api_info_file is set."
    )
    call_log_days: float = Field(90, gt=0, description="How long such records are kept.")
    call_log_most: int = Field(100_000, ge=1, description="Most such records; beyond it the oldest go.")
    readme_file: Path | None = Field(None, description="What /readme.md shows; unset: the list of routes.")
    static_dir: Path | None = Field(None, description="Folder that /static/ shows; unset: nothing.")
    picture_seconds: float = Field(60, gt=0, le=86_400, description="How long pictures of answers can be fetched.")
    render_style: str = Field("light", description="Style of pictures for users who chose none.")
    on_leave: Literal["finish", "cancel"] = Field(
        "finish", description="What becomes of an answer whose caller went away: it is finished and kept, or given up."
    )
    admin_api_key: SecretStr | None = Field(
        None, description="Key of the two /admin/ routes; the admin's secret of the hub opens them, too."
    )

    @property
    def keeps_calls(self) -> bool:
        """Whether every call is kept a record of: whoever moves here from a Repeater knows it so."""
        return self.api_info_file is not None if self.call_log is None else self.call_log

    @field_validator("admin_api_key")
    @classmethod
    def _strong(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value is not None else ""
        if key and (len(key) < _SHORTEST_KEY or len(set(key)) < _FEWEST_SIGNS or _bits(key) < _LEAST_BITS):
            message = f"should be random: {_SHORTEST_KEY} characters at least, and many different ones"
            raise ValueError(message)
        return value if key else None

    @model_validator(mode="after")
    def _born(self) -> Repeater:
        try:
            date(self.birthday_year, self.birthday_month, self.birthday_day)
        except ValueError as error:
            message = "birthday_year, birthday_month and birthday_day should make a date"
            raise ValueError(message) from error
        return self

    @property
    def birthday(self) -> date:
        """When the bot was born."""
        return date(self.birthday_year, self.birthday_month, self.birthday_day)


def _bits(key: str) -> float:
    """Entropy of a key's characters, in bits each."""
    counts = Counter(key).values()
    return -sum(count / len(key) * math.log2(count / len(key)) for count in counts)


NAMES: Mapping[str, tuple[str | int, ...]] = {
    "API_INFO_FILE_PATH": ("repeater", "api_info_file"),
    "DEFAULT_MODEL_TYPE": ("repeater", "model_type"),
    "DEFAULT_PROMPT_DIR": ("repeater", "prompt_dir"),
    "PARSET_PROMPT_NAME": ("repeater", "preset"),
    "USER_NICKNAME_MAPPING_FILE_PATH": ("repeater", "nickname_file"),
    "BOT_NAME": ("repeater", "bot_name"),
    "VERSION": ("repeater", "version"),
    "BIRTHDAY_YEAR": ("repeater", "birthday_year"),
    "BIRTHDAY_MONTH": ("repeater", "birthday_month"),
    "BIRTHDAY_DAY": ("repeater", "birthday_day"),
    "TIMEZONE_OFFSET": ("repeater", "timezone_offset"),
    "SAVE_CALL_LOG": ("repeater", "call_log"),
    "README_FILE_PATH": ("repeater", "readme_file"),
    "STATIC_DIR": ("repeater", "static_dir"),
    "MARKDOWN_TO_IMAGE_STYLE": ("repeater", "render_style"),
    "ADMIN_API_KEY": ("repeater", "admin_api_key"),
    "MAX_CONCURRENCY": ("dispatch", "conversations"),
    "DEFAULT_TEMPERATURE": ("chat", "temperature"),
    "DEFAULT_TOP_P": ("chat", "top_p"),
    "DEFAULT_FREQUENCY_PENALTY": ("chat", "frequency_penalty"),
    "DEFAULT_PRESENCE_PENALTY": ("chat", "presence_penalty"),
    "DEFAULT_MAX_TOKENS": ("chat", "answer_tokens"),
    "DEFAULT_MAX_COMPLETION_TOKENS": ("chat", "answer_tokens"),
}
"""Variables of the backend that the hub takes, besides HOST and PORT, which are everybody's."""

_IMPORT = "`hubbub import repeater` takes what is there"
_CACHE = "the hub keeps what it needs in memory by itself"
_DATABASE = "everything is in the hub's database, at once"
_PICTURES = "pictures are made without it"
RETIRED: Mapping[str, str] = {
    "USER_DATA_DIR": _IMPORT,
    "USER_DATA_SUB_DIR_NAME": _IMPORT,
    "CALL_LOG_FILE_PATH": _IMPORT,
    "USER_DATA_CACHE_METADATA": _CACHE,
    "CONTEXT_USERDATA_CACHE_METADATA": _CACHE,
    "PROMPT_USERDATA_CACHE_METADATA": _CACHE,
    "USERCONFIG_USERDATA_CACHE_METADATA": _CACHE,
    "USER_DATA_CACHE_DATA": _CACHE,
    "CONTEXT_USERDATA_CACHE_DATA": _CACHE,
    "PROMPT_USERDATA_CACHE_DATA": _CACHE,
    "USERCONFIG_USERDATA_CACHE_DATA": _CACHE,
    "CONFIG_CACHE_DOWNGRADE_WAIT_TIME": _CACHE,
    "CONFIG_CACHE_DEBONCE_SAVE_WAIT_TIME": _DATABASE,
    "CALLLOG_DEBONCE_SAVE_WAIT_TIME": _DATABASE,
    "CALLLOG_MAX_CACHE_SIZE": _DATABASE,
    "RENDERED_IMAGE_DIR": _DATABASE,
    "WKHTMLTOPDF_PATH": _PICTURES,
    "DEFAULT_OUTPUT_DPI": _PICTURES,
    "STREAM": "models are asked for pieces whenever somebody wants them",
}
"""Variables of the backend that mean nothing any more, and why."""


def retired(variables: Mapping[str, str]) -> list[str]:
    """A line for the operator about each variable that is set and means nothing any more.

    Most of the names could be anybody's, so nothing is said where no setting of the backend is there, too.
    """
    if not any(name.upper() in NAMES for name in variables):
        return []
    return [
        f"{name} means nothing to Hubbub: {RETIRED[name.upper()]}"
        for name, value in sorted(variables.items())
        if value and name.upper() in RETIRED
    ]
