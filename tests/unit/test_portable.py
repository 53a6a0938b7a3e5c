"""Hubbub runs on Linux, macOS and Windows: what one of them lacks is asked for before it is used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "hubbub"

# Not there on Windows, some not on macOS.
MODULES = {"fcntl", "grp", "pwd", "pty", "readline", "resource", "syslog", "termios", "tty", "uvloop"}
NAMES = {
    "os": {
        "chown", "fchmod", "fchown", "fork", "getegid", "geteuid", "getgid", "getloadavg", "getpgid", "getuid",
        "killpg", "mkfifo", "nice", "posix_fadvise", "sched_getaffinity", "sendfile", "setsid", "statvfs", "uname",
        "wait4",
    },
    "signal": {"SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGPIPE", "alarm", "pthread_sigmask"},
    "time": {"tzset"},
    "socket": {"AF_UNIX", "SO_REUSEPORT", "socketpair"},
    "loop": {"add_signal_handler"},
}  # fmt: skip
GUARDS = ("sys.platform", "os.name", "hasattr(", "except ImportError", "getattr(")


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def wanting(tree: ast.AST) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Every use of what is not there everywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names if alias.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            yield node, str(node.module)
        elif isinstance(node, ast.Attribute) and node.attr in NAMES.get(_name(node.value), ()):
            yield node, f"{_name(node.value)}.{node.attr}"


def _name(value: ast.expr) -> str:
    return value.id if isinstance(value, ast.Name) else ""


def around(tree: ast.Module, line: int) -> ast.stmt | None:
    """The function that a line is in."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    inside = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(inside, key=lambda node: node.lineno, default=None)


def unguarded(text: str) -> list[str]:
    tree = ast.parse(text)
    found = []
    for node, name in wanting(tree):
        function = around(tree, node.lineno)
        guarded = function is not None and any(
            sign in (ast.get_source_segment(text, function) or "") for sign in GUARDS
        )
        if not guarded:
            found.append(f"{node.lineno}: {name}")
    return found


def test_nothing_is_used_that_another_system_lacks() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): unguarded(path.read_text(encoding="utf-8")) for path in sources()}
    assert {path: uses for path, uses in found.items() if uses} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import fcntl",
        "def f():\n    import pwd",
        "import os\ndef f():\n    os.killpg(1, 9)",
        "import signal\nEND = signal.SIGHUP",
        "from resource import getrlimit",
    ],
)
def test_an_unguarded_use_is_found(text: str) -> None:
    assert len(unguarded(text)) == 1
