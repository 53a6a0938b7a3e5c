"""Every letter is there, and every emoji in colour: looked at as dots."""

from __future__ import annotations

import pytest

from hubbub.rendering.typesetting import Typesetter
from tests.unit.rendering.drawn import bands, colours, drawn, ink

# One no font has: what it looks like is what a missing letter looks like.
MISSING = "\u0378"
SCRIPTS = {
    "latin": "Aßçøž",
    "vietnamese": "ễộữ",
    "greek": "αωάΏ",
    "cyrillic": "яЖщё",
    "chinese": "汉字繁體龘",
    "rare chinese": "𠮷",
    "japanese": "かなカナ々",
    "korean": "한글뷁",
    "arabic": "عربک",
    "hebrew": "עברית",
    "thai": "ไทย",
    "devanagari": "हिन्दी",
    "signs": "→⇒≤≥∑√∞①②★●■☐☑✓✗©®™€£¥§¶†…※℃№ℏ♪",
    "boxes": "┌─┬┐│╔═╗▓░",
    "braille": "⠿",
}
EMOJI = [
    "😀",
    "❤️",
    "❤",
    "✅",
    "☀️",
    "⭐",
    "1️⃣",
    "#️⃣",
    "🇨🇳",
    "🇯🇵",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "👍🏽",
    "👩‍💻",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "❤️‍🔥",
    "🤷🏻‍♀️",
    "🫠",
    "⚠️",
    "▶️",
    "㊙️",
]


@pytest.mark.parametrize("mark", ["", "**", "`"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_no_letter_is_an_empty_box(typesetter: Typesetter, script: str, mark: str) -> None:
    # Bars make one band of a letter that is drawn in parts, one above the other.
    lines = [f"{mark}|{letter}|{mark}" for letter in (MISSING, *SCRIPTS[script])]
    missing, *seen = bands(drawn(typesetter, "\n\n".join(lines), scale=2))
    assert len(seen) == len(SCRIPTS[script])
    for letter, shown in zip(SCRIPTS[script], seen, strict=True):
        assert shown != missing, f"there is no letter for {letter}"


@pytest.mark.parametrize("emoji", EMOJI)
def test_emoji_have_colours(typesetter: Typesetter, emoji: str) -> None:
    assert colours(drawn(typesetter, emoji, scale=2)) > 60, f"{emoji} is not in colour"


def test_an_emoji_of_many_is_drawn_as_one(typesetter: Typesetter) -> None:
    one = ink(drawn(typesetter, "😀", scale=2)).width
    widest = ink(drawn(typesetter, "\n\n".join(EMOJI), scale=2)).width
    assert widest < one * 1.7


def test_emoji_stay_in_colour_wherever_they_stand(typesetter: Typesetter) -> None:
    text = (
        "# 😀\n\n```python\n# 😀\n```\n\n`😀`\n\n- 😀 **😀** *a 😀* ~~😀~~ [😀](https://example.com)\n\n"
        "> 😀\n\n| 😀 |\n|---|\n| 😀 |"
    )
    assert colours(drawn(typesetter, text, scale=2)) > 11 * colours(drawn(typesetter, "😀", scale=2)) * 0.5


def test_bold_is_bold_and_slanted_is_slanted(typesetter: Typesetter) -> None:
    for word in ("hamburger", "汉字汉字"):
        plain, bold, slanted = [
            ink(drawn(typesetter, text, scale=2)).convert("L") for text in (word, f"**{word}**", f"*{word}*")
        ]

        def dark(picture: object) -> int:
            return sum(255 - value for value in picture.tobytes())  # type: ignore[attr-defined]

        assert dark(bold) > dark(plain) * 1.15
        assert slanted.tobytes() != plain.tobytes()


def test_the_script_decides_the_form_of_a_sign(typesetter: Typesetter) -> None:
    chinese = ink(drawn(typesetter, "骨", scale=2)).tobytes()
    japanese = drawn(typesetter, "骨の", scale=2)
    width = ink(drawn(typesetter, "骨", scale=2)).width
    first = ink(japanese).crop((0, 0, width, ink(japanese).height))
    assert first.tobytes() != chinese
