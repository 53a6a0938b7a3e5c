"""Short tests that keep the house tidy: what no linter checks, read off the files themselves."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "hubbub"
PLATFORMS = sorted(path.parent for path in PACKAGE.glob("platforms/*/__init__.py"))
OWN = {"http", "loopback"}  # platforms of ours, whose names are words that other code needs too

LONGEST_FILE = 400
LONGER = {"core/ports.py": 620, "core/store.py": 470}  # contracts on one page each, half of it prose
LONGEST_FUNCTION = 60


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def sources() -> Iterator[Path]:
    return PACKAGE.rglob("*.py")


def tracked() -> list[Path]:
    """Files that git knows or would take; in an unpacked sdist there is no git, so nothing to check."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git work tree")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=30).stdout.decode().split("\0")
    return [path for path in (ROOT / name for name in names if name) if path.is_file()]


def where(path: Path, node: ast.expr | ast.stmt) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def docstrings(tree: ast.Module) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, owners))
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


def words(path: Path) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Every string literal of a file that is a word, a path or a key rather than prose, and every module it imports."""
    tree = parse(path)
    prose = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            if not re.search(r"\s", node.value.strip()):
                yield node, node.value
        elif isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names if alias.name.startswith("hubbub."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hubbub"):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda path: path.name)
def test_a_platform_is_named_in_its_own_folder_only(platform: Path) -> None:
    """Elsewhere code asks for abilities; settings and the imitated APIs may know whom they serve."""
    if platform.name in OWN:
        return
    name = re.compile(rf"(?<![a-z0-9]){platform.name}(?![a-z0-9])", re.IGNORECASE)
    found = [
        where(path, node)
        for path in sources()
        if platform not in path.parents
        and PACKAGE / "api" not in path.parents
        and not path.relative_to(PACKAGE).parts[0].startswith("settings")
        for node, word in words(path)
        if name.search(word)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda path: path.name)
def test_every_platform_has_files_of_the_same_names(platform: Path) -> None:
    """Who knows one platform finds their way in all."""
    expected = {"README.md", "adapter.py", "convert.py", "plugin.py", "settings.py"}
    missing = expected - {path.name for path in platform.iterdir()}
    fixtures = ROOT / "tests" / "fixtures" / platform.name
    if not any(path.is_file() for path in fixtures.rglob("*")):
        missing.add(str(fixtures.relative_to(ROOT)))
    assert not missing, ", ".join(sorted(missing))


def test_every_platform_folder_is_a_package() -> None:
    folders = [path for path in PACKAGE.glob("platforms/*/") if any(path.glob("*.py"))]
    assert sorted(folders) == PLATFORMS


def test_no_source_file_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path, lines in lengths.items()
        if lines > LONGER.get(path.relative_to(PACKAGE).as_posix(), LONGEST_FILE)
    ]
    assert not long, "\n".join(long)


def test_no_function_is_long() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [(path, node) for path in sources() for node in ast.walk(parse(path)) if isinstance(node, kinds)]
    long = [
        f"{where(path, node)}: {node.name}"
        for path, node in functions
        if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return ["." * node.level + (node.module or "")]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_core_imports_the_standard_library_only() -> None:
    """The import contract can forbid packages that it knows; this allows none but Python's own."""
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (PACKAGE / "core").rglob("*.py")
        for node in ast.walk(parse(path))
        for name in imported(node)
        if name.split(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith("hubbub.core.")
    ]
    assert not found, "\n".join(found)


def test_no_file_tells_of_a_machine_or_a_registry() -> None:
    """A clone works anywhere: paths of one machine and hosts of one index belong to the environment."""
    machine = rb"(?<![\w.])/(?:work|root)/"
    registry = (
        rb"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org|index-url +[^ ]+//|find-links +[^ ]+//"
    )
    pattern = re.compile(machine + b"|" + registry)
    found = [
        f"{path.relative_to(ROOT)}: {match[0].decode()}"
        for path in tracked()
        if path != Path(__file__) and (match := pattern.search(path.read_bytes()))
    ]
    assert not found, "\n".join(found)


def test_pins_are_hashed_and_agree() -> None:
    """The run lock is part of the dev lock, and uv's own lock format, which holds addresses, is not used."""
    pins = {}
    for lock in (ROOT / "requirements").glob("*.[lt]*"):
        blocks = re.findall(r"^(\S+==[^\s;]+)(.*(?:\n    \S.*)*)", lock.read_text(encoding="utf-8"), re.MULTILINE)
        assert all("--hash=sha256:" in rest for _, rest in blocks), lock.name
        pins[lock.name] = {pin for pin, _ in blocks}
    assert pins["run.lock"] < pins["dev.lock"]
    assert pins["uv.txt"] < pins["dev.lock"]
    assert [path for path in tracked() if path.name == "uv.lock"] == []
