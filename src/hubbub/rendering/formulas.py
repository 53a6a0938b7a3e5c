r"""LaTeX as typst's mathematics: tylax does most of it, a table what it lacks, and what is not safe is refused.

Words (``\text``) never reach tylax: they come back as string literals, whatever stands in them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hubbub.rendering.chemistry import chemical
from hubbub.rendering.literals import literal
from hubbub.rendering.panics import is_panic

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 4000
_DEEPEST = 40

# Replaced before tylax reads the formula, in this order.
_BEFORE: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(begin|end)\{(?:gathered|(\w+)\*)\}", lambda match: f"\\{match[1]}{{{match[2] or 'gather'}}}"),
        (r"\\(?:label|ref|eqref)\{[^{}]*\}", ""),
        (r"\\(?:notag|nonumber|displaystyle|textstyle|scriptstyle|limits|nolimits|hline|middle)(?![A-Za-z])", ""),
        (r"\\tag\*?\{([^{}]*)\}", r"\\qquad (\\text{\1})"),
        (r"\\(?:d|t|c)frac(?![A-Za-z])", r"\\frac"),
        (r"\\(?:hbar|hslash)(?![A-Za-z])", r"ℏ "),
        (r"\{\s*\\(rm|bf|it|cal|sf|tt)\s+([^{}]*)\}", r"\\math\1{\2}"),
        (r"\\(?:textcolor|colorbox)\{[^{}]*\}", ""),
        (r"\\color\{[^{}]*\}", ""),
        (r"\\(?:big|Big|bigg|Bigg)[lrm]?(?![A-Za-z])", ""),
        (r"\\(?:mathit)(?=\{)", ""),
        (r"\\(?:dots|ldots|dotsc)(?![A-Za-z])", r"\\ldots"),
        (r"\\(?:lvert|rvert)(?![A-Za-z])", "|"),
        (r"\\(?:lVert|rVert)(?![A-Za-z])", r"\\|"),
        (r"\\(?:implies)(?![A-Za-z])", r"\\Longrightarrow"),
        (r"\\(?:iff)(?![A-Za-z])", r"\\Longleftrightarrow"),
        (r"\\degree(?![A-Za-z])", r"^\\circ"),
        (r"\\(?:h|v)?phantom\{[^{}]*\}", ""),
        (r"\\hspace\*?\{[^{}]*\}", r"\\quad "),
        (r"\\(?:smash|rlap|llap|clap|mathrlap|mathllap)(?=\{)", ""),
        (r"\\(?:mathscr)(?=\{)", r"\\mathcal"),
        (r"\\underbar(?=\{)", r"\\underline"),
        (r"(?<!\\)\\ ", r"\\; "),
        (r"(?<!\\)\\([#_])", r"\\text{\1}"),
    )
)
# What tylax writes as code, as functions of the template's.
_AFTER: Final = (
    ("#box(stroke: 0.5pt, inset: 2pt, baseline: 20%)[$", "boxed("),
    ("$]", ")"),
)
# Code that tylax writes and that is harmless as it stands.
_HARMLESS: Final = "delim: #none"
_UNDERLINED = re.compile(r"#underline\[([^\[\]#]*)\]")
# A bar is a letter in LaTeX, where typst puts space around it.
_BARS = re.compile(r"(?<![\w.])(bar\.v(?:\.double)?)(?![\w.])")
_NAMES: Final = {
    "nsubseteq": "subset.eq.not",
    "nsupseteq": "supset.eq.not",
    "nsubset": "subset.not",
    "nsupset": "supset.not",
    "nleq": "lt.eq.not",
    "ngeq": "gt.eq.not",
    "uplus": "union.plus",
    "cdotp": "dot.c",
    "iddots": "dots.up",
    "wp": "℘",
    "triangle.l.eq": "lt.tri.eq",
    "check": "caron",
    "xcancel": "cancel",
}
_NAMED = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, _NAMES))})(?![\w.])")
_WORDS = re.compile(r"\\(?:text|textrm|textnormal|textbf|textit|texttt|textsf|mbox|hbox)\s*\{")
_CHEMISTRY = re.compile(r"\\ce\s*\{")
_LETTERS = re.compile("[\u2e80-\u9fff\uac00-\ud7ff\u3040-\u30ff\uff00-\uffef\u0590-\u06ff]+")
_PLACE = re.compile(r'op\("hub([a-z]+)words"\)')
# Through it even mathematics reaches functions that read files.
_FORBIDDEN = re.compile(r"#|(?<![^\W\d_])(?:std|sys)(?![^\W_])|//|/\*")


@lru_cache(maxsize=512)
def mathematics(latex: str) -> str | None:
    """The formula as typst's mathematics; None where it cannot be had, or had safely."""
    if len(latex) > LONGEST or _depth(latex) > _DEEPEST:
        return None
    words: list[str] = []
    # A quotation mark of theirs would begin a string of typst's, and hide from the search below what stands behind it.
    source = _worded(_CHEMISTRY, latex.replace('"', "''"), chemical)
    source = _worded(_WORDS, source, lambda text: _kept(text, words))
    for pattern, replacement in _BEFORE:
        source = pattern.sub(replacement, source)
    source = _worded(_WORDS, source, lambda text: _kept(text, words))
    source = _LETTERS.sub(lambda match: _kept(match[0], words), source)
    found = _translated(source)
    if found is None:
        return None
    for theirs, ours in _AFTER:
        found = found.replace(theirs, ours)
    found = _UNDERLINED.sub(r"underline(\1)", found)
    if _FORBIDDEN.search(found.replace(_HARMLESS, "")):
        return None
    found = _NAMED.sub(lambda match: _NAMES[match[0]], found)
    if "lr(" not in found:
        found = _BARS.sub(r'class("normal", \1)', found)
    return _PLACE.sub(lambda match: f" {literal(words[_number(match[1])])} ", found)


def _translated(latex: str) -> str | None:
    from tylax import latex_to_typst  # noqa: PLC0415 - loaded on first use

    try:
        found: str = latex_to_typst(latex).strip()
    except (ValueError, RuntimeError):
        return None
    except BaseException as error:
        if is_panic(error):
            return None  # the formula is shown as code; tylax keeps nothing from one to the next
        raise
    return found[1:-1].strip() if found.startswith("$") and found.endswith("$") else found


def _depth(latex: str) -> int:
    depth = deepest = 0
    for sign in latex:
        depth += (sign in "{([") - (sign in "})]")
        deepest = max(deepest, depth)
    return deepest


def _worded(command: re.Pattern[str], latex: str, written: Callable[[str], str]) -> str:
    """The formula with the argument of each such command replaced."""
    parts: list[str] = []
    begin = 0
    while (match := command.search(latex, begin)) is not None:
        end = _closing(latex, match.end())
        if end < 0:
            break
        parts += (latex[begin : match.start()], written(latex[match.end() : end]))
        begin = end + 1
    return "".join((*parts, latex[begin:]))


def _closing(latex: str, start: int) -> int:
    """Where the brace is that closes the one before ``start``; -1 if nowhere."""
    depth = 1
    for index in range(start, len(latex)):
        if latex[index] in "{}" and latex[index - 1] != "\\":
            depth += 1 if latex[index] == "{" else -1
            if not depth:
                return index
    return -1


def _kept(text: str, words: list[str]) -> str:
    """Put words aside; what stands for them meanwhile. Numbers are written as letters, for tylax parts the others."""
    text = re.sub(r"\\([%&_#${} ])", r"\1", text).replace("$", "").replace("~", " ")
    words.append(text)
    return r"\operatorname{hub" + _letters(len(words) - 1) + "words}"


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _number(letters: str) -> int:
    return int("".join(str(ord(letter) - ord("a")) for letter in letters))
