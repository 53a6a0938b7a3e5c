"""The settings of corp-webot, the WeCom bot that came before: its ``config/config.yaml``, taken as it stands.

Keys may be written in any case, as there. Whatever Hubbub's own file or a variable says counts over it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from hubbub.core.errors import ConfigError
from hubbub.settings import shapes
from hubbub.settings.sources import KeyPath, Written, value_of

if TYPE_CHECKING:
    import yaml

PLATFORM = "wecom"
FILE = Path("config/config.yaml")
# Where its image looks; a container that is started as before has the file there.
MOUNTED = Path("/apps/config/config.yaml")
SUFFIXES = (".yaml", ".yml")

_PROMPT = "请全程使用中文与我对话"
_ERROR = "稍后再试试，小助理的老爸去出差了"
_SESSION = "60"
_REPEAT = "4"
_SECTIONS = frozenset(("systemconf", "gptconfig", "weconfig"))
_LEVELS: Final = MappingProxyType(
    {"panic": "critical", "fatal": "critical", "warn": "warning", "trace": "debug", "err": "error"}
)
# Models of OpenAI that can only continue a text.
_OLD = re.compile(r"(text-)?(davinci|curie|babbage|ada)(-\w+)*(?:-instruct-beta)?")

Line = tuple[str, int]
"""A value as text, and where it stands."""


@dataclass(frozen=True, slots=True)
class _Key:
    """Where a key of theirs goes; ``made`` makes our value of theirs, None for none."""

    path: KeyPath
    made: Callable[[str], str | None] = str


def _level(text: str) -> str:
    return _LEVELS.get(text.lower(), text)


def _proxy(text: str) -> str | None:
    return text if "://" in text or not text else f"http://{text}"


def _minutes(text: str) -> str:
    return _SESSION if text.strip() in ("", "0") else text


def _turns(text: str) -> str | None:
    """They count what a person says; we count both sides. 0 set no bound there."""
    count = text.strip()
    return str(max(2, int(count) * 2)) if count.isdecimal() and int(count) else None if count == "0" else text


def _ours(*path: str) -> KeyPath:
    return ("platforms", PLATFORM, *path)


_KEYS: Final[Mapping[str, _Key]] = MappingProxyType(
    {
        "systemconf.proxy": _Key(("server", "proxy"), _proxy),
        "systemconf.port": _Key(("server", "port")),
        "systemconf.log": _Key(("server", "log_level"), _level),
        "systemconf.callbackurl": _Key(("server", "public_url")),
        "systemconf.msgmode": _Key(_ours("format"), str.lower),
        "systemconf.logconf.loglevel": _Key(("server", "log_level"), _level),
        "systemconf.logconf.logoutputpath": _Key(("server", "log_file"), lambda text: Path(text).name or None),
        "systemconf.logconf.logfilerotationcount": _Key(("server", "log_files")),
        "systemconf.logconf.logformatter": _Key(("server", "log_format"), str.lower),
        "gptconfig.apikey": _Key(("model", "api_key")),
        "gptconfig.model": _Key(("model", "name")),
        "gptconfig.url": _Key(("model", "base_url")),
        "gptconfig.contextnumber": _Key(("chat", "context_turns"), _turns),
        "gptconfig.contextexpiretime": _Key(("chat", "session_minutes"), _minutes),
        "weconfig.corpid": _Key(_ours("corp_id")),
        "weconfig.corpsecret": _Key(_ours("corp_secret")),
        "weconfig.agentid": _Key(_ours("agent_id")),
        "weconfig.weapircalltoken": _Key(_ours("token")),
        "weconfig.weapiencodingkey": _Key(_ours("encoding_aes_key")),
        "weconfig.wechatapiaddr": _Key(_ours("api_base")),
    }
)
# Read and left: a date's form, and a name that their requests gave to OpenAI.
_LEFT = frozenset(("gptconfig.username", "systemconf.logconf.logfiledatefmt"))
_MODE = "systemconf.logconf.logoutputmode"

KEYS: Final = (*_KEYS, *sorted(_LEFT), _MODE)
"""All keys that are known, in small letters."""

# What was so there without a key.
_ALWAYS: Final[Mapping[KeyPath, str]] = MappingProxyType(
    {
        ("server", "host"): "0.0.0.0",  # noqa: S104 - as the original listened
        ("chat", "system_prompt"): _PROMPT,
        ("chat", "session_minutes"): _SESSION,
        ("painting", "model"): "dall-e-2",
        ("painting", "size"): "512x512",
        _ours("repeat_seconds"): _REPEAT,
        _ours("error_text"): _ERROR,
    }
)


def find(folder: Path, mounted: Path = MOUNTED) -> Path | None:
    """The file, beside the current folder or where the image of corp-webot had it."""
    return next((file for file in (folder / FILE, mounted) if file.is_file()), None)


def take(written: Written, root: Any, file: Path) -> None:
    """Take what the file says and nothing has said yet.

    Raises:
        ConfigError: it is no such file.
    """
    found = _read(file)
    if found is None:
        return
    models = "models" in written.tree
    for path, (text, line) in (*_mounts(file, found), *_translated(found)):
        if _said(written.tree, path) or (models and path[0] == "models"):
            continue
        origin = f"{file}:{line}" if line else str(file)
        written.put(path, value_of(text, shapes.annotation_at(root, path)), origin)


def _translated(found: Mapping[str, Line]) -> Iterator[tuple[KeyPath, Line]]:
    """Our keys with their values, the first of two counts."""
    settled: set[KeyPath] = set()
    old = _OLD.fullmatch(found.get("gptconfig.model", ("", 0))[0]) is not None
    for key in (_MODE, "systemconf.logconf.loglevel", *_KEYS):
        if key not in found:
            continue
        text, line = found[key]
        pairs = _mode(text) if key == _MODE else [(_KEYS[key].path, _KEYS[key].made(text))]
        for path, value in [(_for_old(path) if old else path, value) for path, value in pairs]:
            if value and path not in settled:
                settled.add(path)
                yield path, (value, line)
            elif key == _MODE and value == "":
                settled.add(path)
                yield path, ("", line)
    api: dict[KeyPath, str] = {("models", 0, "api"): "completions"} if old else {}
    yield from ((path, (text, 0)) for path, text in {**_ALWAYS, **api}.items() if path not in settled)


def _mounts(file: Path, found: Mapping[str, Line]) -> Iterator[tuple[KeyPath, Line]]:
    """Data and logs stay beside the file, as they were: so a container may be started with the mounts of before."""
    apps = file.parent.parent
    if file.parent.name != MOUNTED.parent.name or not (apps / "db").is_dir():
        return
    yield ("server", "data_dir"), (str(apps / "db"), 0)
    console = found.get(_MODE, ("", 0))[0].lower() == "console"
    if (apps / "logs").is_dir() and not console:
        yield ("server", "log_file"), (str(apps / "logs" / "hubbub.log"), 0)


def _for_old(path: KeyPath) -> KeyPath:
    """One of several models, for only those can be of a kind that continues texts."""
    return ("models", 0, *path[1:]) if path[0] == "model" else path


def _mode(text: str) -> list[tuple[KeyPath, str | None]]:
    """Where the log goes: to the console alone, or to a file as well, which ours always can."""
    return [(("server", "log_file"), "")] if text.lower() == "console" else []


def _said(tree: Mapping[str, Any], path: KeyPath) -> bool:
    at: Any = tree
    for part in path:
        if isinstance(part, int):
            return False  # a list of theirs is made by us alone
        if not isinstance(at, dict) or part not in at:
            return False
        at = at[part]
    return True


def _read(file: Path) -> dict[str, Line] | None:
    """Every scalar by its dotted key in small letters; None if the file is somebody else's."""
    import yaml  # noqa: PLC0415 - loaded on first use: most hubs have no such file

    try:
        node = yaml.compose(file.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"{file}: cannot be read: {reason}"
        raise ConfigError(message) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        message = f"{where}: not YAML: {getattr(error, 'problem', '') or 'it cannot be read'}"
        raise ConfigError(message) from error
    found = dict(_scalars(node, ""))
    return found if any(key.partition(".")[0] in _SECTIONS for key in found) else None


def _scalars(node: yaml.Node | None, prefix: str, depth: int = 0) -> Iterator[tuple[str, Line]]:
    import yaml  # noqa: PLC0415 - loaded on first use: most hubs have no such file

    if isinstance(node, yaml.ScalarNode) and prefix:
        empty = node.tag == "tag:yaml.org,2002:null"
        yield prefix, ("" if empty else node.value.strip(), node.start_mark.line + 1)
    elif isinstance(node, yaml.MappingNode) and depth < 4:
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                name = f"{prefix}.{key.value.lower()}" if prefix else key.value.lower()
                yield from _scalars(value, name, depth + 1)
