"""Which pieces of a text are emoji: they need the coloured font by name, whatever other font has the sign too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"
# Shown in colour as they are, as a class of a regular expression.
COLOURED = (
    "\u231a\u231b\u23e9-\u23f3\u25fd\u25fe\u2600-\u2604\u260e\u2614\u2615\u2618\u261d\u2620\u2622\u2623\u2626"
    "\u262a\u262e\u262f\u2638-\u263a\u2648-\u2653\u2660\u2663\u2665\u2666\u2668\u267b\u267f\u2692-\u2697\u2699\u269b"
    "\u269c\u26a0\u26a1\u26aa\u26ab\u26b0\u26b1\u26bd\u26be\u26c4\u26c5\u26c8\u26ce\u26cf\u26d1\u26d3\u26d4\u26e9"
    "\u26ea\u26f0-\u26f5\u26f7-\u26fa\u26fd\u2702\u2705\u2708-\u270d\u270f\u2712\u271d\u2721\u2728\u2733\u2734"
    "\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u27a1\u2b1b\u2b1c\u2b50\u2b55"
    "\U0001f004\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a"
    "\U0001f201-\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7f0"
    "\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff"
)
# Shown in colour only where the text asks for it (U+FE0F). Those that are black in the coloured font, too, are left to
# the other fonts, which have the colour of the text: they could not be seen on a dark ground.
_EITHER = (
    "\u203c\u2049\u2139\u2194-\u21aa\u2300-\u23ff\u24c2\u25aa-\u25fe\u2600-\u2713\u2715\u2717-\u2794\u2798-\u27af"
    "\u27b1-\u27be\u2934\u2935\u2b05-\u2b55\u303d\u3297\u3299"
)
_SKIN = "[\U0001f3fb-\U0001f3ff]"
_TAGS = "[\U000e0020-\U000e007f]+"
_ONE = f"(?:[{COLOURED}](?!\ufe0e)(?:\ufe0f?{_SKIN}|\ufe0f)?|[{_EITHER}](?:\ufe0f{_SKIN}?|{_SKIN})|{_SKIN})"
_SEQUENCE = f"(?:{_FLAG}|{_KEYCAP}|{_ONE}(?:{_TAGS})?(?:\u200d(?:{_ONE}|[{_EITHER}]))*)"
_RUN = re.compile(f"{_SEQUENCE}+")
_MAY_HAVE = re.compile("[\u203c-\u3299\U0001f000-\U0001faff\u20e3]")


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is made of emoji."""
    if not _MAY_HAVE.search(text):
        yield text, False
        return
    begin = 0
    for match in _RUN.finditer(text):
        if match.start() > begin:
            yield text[begin : match.start()], False
        yield match[0], True
        begin = match.end()
    if begin < len(text):
        yield text[begin:], False
