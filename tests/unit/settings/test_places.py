"""The line of a key in a TOML text."""

import tomllib

from hypothesis import example, given
from hypothesis import strategies as st

from hubbub.settings.places import Path, line_of

TEXT = '''\
top = 1
dotted.key = "a # b"   # comment with [brackets
[one]
text = """
[not.a.table]
key = 1
"""
after = 2

  [ one . "two three" ]
  list = [
    "]", # ]
    { a = 1 },
  ]
  'quoted key' = { inner = 1 }
[[many]]
name = "first"
[many.inside]
x = 1
[[many]]
name = "second"
[many.inside]
x = 2
raw = \'\'\'
name = "no"\'\'\'
last = 3
'''


def test_every_kind_of_key() -> None:
    tomllib.loads(TEXT)
    places: dict[Path, int] = {
        ("top",): 1,
        ("dotted", "key"): 2,
        ("one",): 3,
        ("one", "text"): 4,
        ("one", "after"): 8,
        ("one", "two three"): 10,
        ("one", "two three", "list"): 11,
        ("one", "two three", "list", 1, "a"): 11,
        ("one", "two three", "quoted key"): 15,
        ("one", "two three", "quoted key", "inner"): 15,
        ("many", 0, "name"): 17,
        ("many", 0, "inside", "x"): 19,
        ("many", 1): 20,
        ("many", 1, "name"): 21,
        ("many", 1, "inside", "x"): 23,
        ("many", 1, "inside", "last"): 26,
        ("one", "missing"): 3,
        ("missing",): 0,
    }
    assert {path: line_of(TEXT, path) for path in places} == places


@given(st.text(alphabet="ab=.[]{}\"'#\n \\,1"))
@example('"\\="=')
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert 0 <= line_of(text, ("a", "b")) <= text.count("\n") + 1
