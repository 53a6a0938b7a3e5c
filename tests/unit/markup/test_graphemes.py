import pytest

from hubbub.markup.graphemes import boundary

WHOLE = [
    "e\u0301",
    "\r\n",
    "👍🏽",
    "👨‍👩‍👧‍👦",
    "🇨🇳",
    "1\ufe0f\u20e3",
    "❤️",
    "🏴\U000e0067\U000e0062\U000e007f",
    "각",
    "\u1100\u1161\u11a8",
    "가\u11a8",
    "ก็",
    "नि",
    "\uff76\uff9e",
]


@pytest.mark.parametrize("cluster", WHOLE)
def test_one_visible_character_has_no_boundary_within(cluster: str) -> None:
    text = f"a{cluster}b"
    inside = range(2, 1 + len(cluster))
    assert not any(boundary(text, index) for index in inside)
    assert boundary(text, 1)
    assert boundary(text, 1 + len(cluster))


def test_flags_stand_alone_in_a_row() -> None:
    text = "🇨🇳🇩🇪🇫🇷"
    assert [index for index in range(len(text) + 1) if boundary(text, index)] == [0, 2, 4, 6]


@pytest.mark.parametrize("text", ["ab", "你好", "\n\n", "한국", "a😀", "각\u1100"])
def test_two_characters_may_be_parted(text: str) -> None:
    assert boundary(text, 1)
