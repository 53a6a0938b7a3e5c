import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.providers.openai_compatible.sse import EventStream, EventTooLargeError


def events(*chunks: bytes) -> list[bytes]:
    stream = EventStream()
    return [event for chunk in chunks for event in stream.feed(chunk)]


def by_the_book(text: bytes) -> list[bytes]:
    """The standard's own steps, for the whole stream at once."""
    text = text.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: list[bytes] = []
    data: list[bytes] = []
    for line in text.split(b"\n")[:-1]:  # what follows the last line end is no line yet
        if not line:
            found.append(b"\n".join(data))
            data = []
        elif not line.startswith(b":"):
            field, _, value = line.partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
    return [event for event in found if event]


def test_events_are_their_data() -> None:
    assert events(b"data: one\n\ndata:two\n\n") == [b"one", b"two"]


def test_only_one_space_is_taken_off() -> None:
    assert events(b"data:  two spaces\n\n") == [b" two spaces"]


def test_lines_of_data_are_joined() -> None:
    assert events(b"data: a\ndata\ndata: b\n\n") == [b"a\n\nb"]


def test_comments_names_ids_and_retries_are_passed_over() -> None:
    assert events(b": keep-alive\n\nevent: x\nid: 1\nretry: 5\ndata: a\n: c\n\nevent: y\n\n") == [b"a"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_counts(end: bytes) -> None:
    assert events(b"data: a" + end + b"data: b" + end + end) == [b"a\nb"]


def test_a_line_end_cut_in_two_is_one() -> None:
    assert events(b"data: a\r", b"\n\r", b"\ndata: b\r\n\r\n") == [b"a", b"b"]


def test_an_event_comes_with_its_last_byte() -> None:
    stream = EventStream()
    assert stream.feed(b"data: a\n") == []
    assert stream.feed(b"\n") == [b"a"]
    assert stream.feed(b"data: b\r\r") == [b"b"]


def test_a_byte_order_mark_is_no_text() -> None:
    assert events(b"\xef\xbb", b"\xbfdata: a\n\n") == [b"a"]


def test_a_character_may_be_cut() -> None:
    text = "data: 你好\n\n".encode()
    assert events(*(text[at : at + 1] for at in range(len(text)))) == ["你好".encode()]


def test_an_event_without_its_blank_line_does_not_count() -> None:
    assert events(b"data: a\n\ndata: half\n") == [b"a"]


@pytest.mark.parametrize("piece", [b"x" * 100, b"xxx", b"data: xxxx\n"])
def test_an_event_is_bounded(piece: bytes) -> None:
    stream = EventStream(limit=1000)
    most = 1000 // len(piece)
    for _ in range(most):
        stream.feed(piece)
    with pytest.raises(EventTooLargeError):
        stream.feed(piece)


MARKS = (
    b"data",
    b"data:",
    b"data: ",
    b":",
    b" ",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"event: x",
    b"\x00\xff",
    b"\xef\xbb\xbf",
)
PARTS = st.sampled_from([*MARKS, "你".encode()])


@given(text=st.lists(PARTS | st.binary(max_size=4), max_size=40).map(b"".join), data=st.data())
def test_any_bytes_in_any_pieces_are_read_as_the_standard_says(text: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert events(*chunks) == by_the_book(text)
