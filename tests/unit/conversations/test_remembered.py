"""What is remembered is what reading anew would give."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversations.contexts import Summary, body_of, context_of
from hubbub.conversations.remembered import RememberedContexts
from hubbub.core.turns import Turn
from hubbub.core.work import Branch, Node


def branch(bodies: list[object], owner: str = "o", name: str = "default", ids: list[int] | None = None) -> Branch:
    numbers = ids or list(range(1, len(bodies) + 1))
    nodes = tuple(
        Node(number, numbers[at - 1] if at else 0, body, 1.0)
        for at, (number, body) in enumerate(zip(numbers, bodies, strict=True))
    )
    return Branch(owner, "context", name, numbers[-1] if numbers else 0, 1.0, nodes)


def said(text: str, summary: Summary | None = None) -> object:
    return body_of(Turn("user", text), summary)


steps = st.lists(st.sampled_from(["say", "say two", "withdraw", "summarize", "say ten", "other"]), max_size=30)


@given(steps)
def test_it_equals_reading_anew_whatever_happened(steps: list[str]) -> None:
    remembered = RememberedContexts(turns=25)
    bodies: list[object] = []
    ids: list[int] = []
    latest = 0
    for step in steps:
        count = {"say": 1, "say two": 2, "say ten": 10, "summarize": 1}.get(step, 0)
        for _ in range(count):
            latest += 1
            upto = ids[len(ids) // 2] if step == "summarize" and ids else 0
            bodies.append(said(f"m{latest}", Summary("short", upto) if upto else None))
            ids.append(latest)
        if step == "withdraw" and bodies:
            del bodies[-1], ids[-1]
        if step == "other":
            other = branch([said("x")], owner="p", ids=[10_000])
            assert remembered.of(other) == context_of(other)
        now = branch(bodies, ids=ids)
        assert remembered.of(now) == context_of(now)


def test_a_grown_branch_is_not_read_from_its_beginning() -> None:
    remembered = RememberedContexts()
    bodies = [said(f"m{n}") for n in range(50)]
    first = remembered.of(branch(bodies))
    grown = remembered.of(branch([*bodies, said("new")]))
    assert all(before is after for before, after in zip(first.turns, grown.turns, strict=False))
    assert grown.turns[-1].content == "new"


def test_a_window_that_moved_is_read_anew() -> None:
    remembered = RememberedContexts()
    bodies = [said(f"m{n}") for n in range(10)]
    remembered.of(branch(bodies, ids=list(range(1, 11))))
    moved = branch([*bodies[1:], said("new")], ids=list(range(2, 12)))
    assert remembered.of(moved) == context_of(moved)


def test_what_rested_longest_is_forgotten() -> None:
    remembered = RememberedContexts(turns=10)
    for owner in range(100):
        remembered.of(branch([said("a"), said("b")], owner=str(owner)))
    assert len(remembered._read) <= 5


def test_an_owner_is_forgotten_with_all_conversations_and_nobody_else() -> None:
    remembered = RememberedContexts()
    for owner in ("o", "p"):
        for name in ("default", "work"):
            remembered.of(branch([said(f"secret of {owner}")], owner=owner, name=name))
    remembered.forget("o")
    remembered.forget("nobody")
    assert "secret of o" not in str(remembered._read)
    assert str(remembered._read).count("secret of p") == 2
    assert remembered._count == 2


def test_long_texts_weigh_more() -> None:
    remembered = RememberedContexts(turns=100)
    for owner in range(20):
        remembered.of(branch([said("x" * 10_000)], owner=str(owner)))
    assert len(remembered._read) <= 5
    grown = branch([said("x" * 10_000), said("y" * 5_000)], owner="19")
    remembered.of(grown)
    assert remembered._count == sum(weight for _, _, _, weight in remembered._read.values())
