"""What is built holds all that a hub needs, and works where nothing else is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "hubbub"
# What is no module and has to be in the wheel all the same.
DATA = sorted(
    path.relative_to(ROOT / "src").as_posix()
    for path in PACKAGE.rglob("*")
    if path.is_file() and path.suffix != ".pyc" and path.suffix != ".py"
)


def build(kind: str, target: Path) -> Path:
    """By the installed build backend, without a network."""
    code = f"import hatchling.build, sys; print(hatchling.build.build_{kind}(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return target / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("hubbub/")}
    modules = {path.relative_to(ROOT / "src").as_posix() for path in PACKAGE.rglob("*.py")}
    assert modules | set(DATA) == held


def test_the_files_that_are_no_modules_are_known() -> None:
    """So that the test above looks for something."""
    assert "hubbub/py.typed" in DATA
    assert any(name.endswith(".html") for name in DATA)
    assert any("/static/" in name for name in DATA)
    assert any(name.endswith("README.md") for name in DATA)


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (about,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    text = archive.read(about).decode()
    assert re.search(r"^Requires-Python: >=3\.11$", text, re.MULTILINE)
    assert re.search(r"^License-Expression: MIT$", text, re.MULTILINE)
    (points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "hubbub = hubbub.cli:main" in archive.read(points).decode()
    assert any(name.endswith("LICENSE") for name in archive.namelist())


def test_the_sdist_holds_what_makes_and_tests_it(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers()}
    wanted = {
        "pyproject.toml",
        "Makefile",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "requirements/run.lock",
        "setup.bat",
    }
    wanted |= {"tools/install.sh", "src/hubbub/py.typed", "tests/unit/test_packaging.py", "config.example.toml"}
    wanted |= {"Dockerfile", "docker-compose.yaml", "deploy/hubbub.service", "docs/settings.md"}
    assert wanted <= names
    assert not {name for name in names if name.startswith((".venv", "data/", "build/", ".cache"))}


def test_the_wheel_works_without_its_source(wheel: Path, tmp_path: Path) -> None:
    """Unpacked alone into a folder, with the libraries of this environment."""
    place = tmp_path / "site"
    shutil.unpack_archive(wheel, place, "zip")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
    code = "import hubbub, sys; from hubbub.cli import main; sys.argv = ['hubbub', *sys.argv[1:]]; main()"

    def hubbub(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=environ | {"PYTHONPATH": str(place)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    where = subprocess.run(
        [sys.executable, "-c", "import hubbub; print(hubbub.__file__)"],
        env=environ | {"PYTHONPATH": str(place)},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(place))
    assert "deliveries" in hubbub("--help")
    assert "wrote hubbub.toml" in hubbub("init")
    assert "the settings are right" in hubbub("config", "check")


def test_the_wheel_installs_into_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """With the pins, which the set-up of this environment has left in the cache."""
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if uv is None:
        pytest.skip("no uv here")
    place = tmp_path / "venv"
    python = place / "bin" / "python"
    pins = ("--require-hashes", "-r", ROOT / "requirements" / "run.lock")
    certificates = {"UV_SYSTEM_CERTS": "1"} | os.environ  # the machine's own, which pip uses too

    def pip(command: str, *more: object) -> None:
        line = [uv, "pip", command, "--quiet", "--python", str(python), *map(str, more)]
        subprocess.run(line, check=True, timeout=50, env=certificates)

    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, place], check=True, timeout=60)
    pip("install", *pins)
    pip("install", "--no-deps", wheel)
    pip("check")
    told = subprocess.run(
        [place / "bin" / "hubbub", "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert "deliveries" in told.stdout
