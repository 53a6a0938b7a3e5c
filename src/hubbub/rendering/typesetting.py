"""Typst, as a worker process uses it: sources in, pictures or a document out."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import typst

from hubbub.rendering import sources
from hubbub.rendering.panics import is_panic
from hubbub.rendering.sources import Source, TooLong
from hubbub.rendering.themes import FOLDER, Themes

_FONTS: Final = Path(__file__).parent / "fonts"
_PIXELS: Final = 96
"""Pixels of an inch of a screen."""
_SAMPLE = (
    "A **b** 汉 **字** かな 한글 عر **عر** עב **עב** ไทย **ไทย** नी **नी** 😀 ά ◉ `x` $x^2 +"
    " \\mathbf{y}$ ~~x~~ [^1]\n\n[^1]: x"
)

Form = Literal["png", "pdf", "svg"]
Sources = Callable[[Mapping[str, Any], frozenset[str]], Source]


class Unset(Exception):
    """Typst cannot set a text; the message says why."""


class Broken(Exception):
    """Typst itself broke over a text; what it still does cannot be relied on."""


class Typesetter:
    """One compiler with all fonts. It may read the folder of the hub's themes, which is no secret, and nothing else."""

    def __init__(self) -> None:
        """Fonts are found now and read when they are first needed."""
        folders = [str(_FONTS), *_cjk()]
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=folders)
        root = str(FOLDER)
        self._compiler = typst.Compiler(font_paths=fonts, root=root, package_path=root, package_cache_path=root)

    def warm_up(self) -> None:
        """Read everything that lies in files: fonts, templates, modules. Afterwards nothing more is opened."""
        theme = _theme()
        look = {"width": 400, "size": 16, "scale": 1, "height": 1000, "most": 1, "dots": 1_000_000, "theme": theme}
        self.pictures({"text": _SAMPLE, **look})
        sources.prepare()

    def pictures(self, job: Mapping[str, Any]) -> list[bytes]:
        """PNG files of a reply. Raises Unset, TooLong, Broken."""
        found = self._set(sources.picture, job, "png")
        return found if isinstance(found, list) else [found]

    def document(self, job: Mapping[str, Any]) -> bytes:
        """A PDF file of conversations. Raises Unset."""
        found = self._set(sources.document, job, "pdf")
        assert isinstance(found, bytes)  # noqa: S101 - a PDF is one file
        return found

    def _set(self, make: Sources, job: Mapping[str, Any], form: Form) -> bytes | list[bytes]:
        """Typeset; where it fails, look for the formulas that are at fault and show those as they were written."""
        source = make(job, frozenset())
        try:
            return self._compile(source.code, form, source.scale)
        except typst.TypstError as error:
            if not source.formulas:
                raise Unset(str(error)) from error
        bad = frozenset(latex for latex, code in sources.checks(source.formulas) if not self.sets(code))
        try:
            return self._compile(make(job, bad).code, form, source.scale)
        except typst.TypstError as error:
            raise Unset(str(error)) from error

    def sets(self, code: bytes) -> bool:
        """Whether a source, such as one of `sources.checks`, can be set."""
        try:
            self._compile(code, "svg", 1.0)
        except typst.TypstError:
            return False
        return True

    def _compile(self, code: bytes, form: Form, scale: float) -> bytes | list[bytes]:
        try:
            return self._compiler.compile(input=code, format=form, ppi=_PIXELS * scale) or b""
        except BaseException as error:
            if is_panic(error):
                raise Broken(str(error)) from error
            raise


def _theme() -> dict[str, Any]:
    found = Themes().find("")
    return {"dark": found.dark, "colours": dict(found.colours)}


def _cjk() -> list[str]:
    """The folder of the package with Chinese, Japanese and Korean letters; nothing where it is not installed."""
    found = importlib.util.find_spec("manimgx_fonts_cjk")
    return [str(Path(found.origin).parent)] if found and found.origin else []


__all__ = ["Broken", "TooLong", "Typesetter", "Unset"]
