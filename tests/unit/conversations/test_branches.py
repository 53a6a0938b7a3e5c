import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversations import branches
from hubbub.core.errors import UserError
from hubbub.core.work import Branch
from tests.fakes.memory import MemoryConversations

NOON = 1_769_860_800.0  # 2026-01-31 12:00:00 UTC


@pytest.fixture
def kept() -> MemoryConversations:
    return MemoryConversations(clock=lambda: NOON)


async def read(kept: MemoryConversations, name: str = "", limit: int = 0) -> Branch:
    return await kept.branch("o", "context", name, limit)


async def bodies(kept: MemoryConversations, name: str = "") -> list[object]:
    return [node.body for node in (await read(kept, name)).nodes]


async def test_append_makes_the_branch_and_goes_on_at_its_end(kept: MemoryConversations) -> None:
    kept.apply(branches.append(await read(kept), "a", "b"))
    kept.apply(branches.append(await read(kept), "c"))
    assert await bodies(kept) == ["a", "b", "c"]


async def test_withdraw(kept: MemoryConversations) -> None:
    assert branches.withdraw(await read(kept), 1) == ()
    kept.apply(branches.append(await read(kept), "a", "b", "c"))
    kept.apply(*branches.withdraw(await read(kept), 2))
    assert await bodies(kept) == ["a"]
    assert branches.withdraw(await read(kept), 0) == ()
    kept.apply(*branches.withdraw(await read(kept), 9))
    assert await bodies(kept) == []


async def test_what_was_withdrawn_can_be_had_back(kept: MemoryConversations) -> None:
    kept.apply(branches.append(await read(kept), "a", "b"))
    kept.apply(*branches.withdraw(await read(kept), 2))
    (_, head, reason) = kept.log[-1]
    assert reason == "withdraw"
    before = await read(kept)
    kept.apply(*branches.fork(Branch("o", "context", before.name, head), "again"))
    assert await bodies(kept) == ["a", "b"]


async def test_withdraw_on_a_branch_read_with_a_limit_keeps_what_was_not_read(kept: MemoryConversations) -> None:
    kept.apply(branches.append(await read(kept), "a", "b", "c"))
    kept.apply(*branches.withdraw(await read(kept, limit=2), 2))
    assert await bodies(kept) == ["a"]


async def test_instead_replaces_the_rest(kept: MemoryConversations) -> None:
    kept.apply(branches.append(await read(kept), "a", "b", "c"))
    kept.apply(branches.instead(await read(kept), 1, "x", "c"))
    assert await bodies(kept) == ["a", "x", "c"]
    kept.apply(branches.instead(await read(kept), 3, "d"))
    assert await bodies(kept) == ["a", "x", "c", "d"]
    kept.apply(branches.instead(await read(kept), 0, "y"))
    assert await bodies(kept) == ["y"]


async def test_clear(kept: MemoryConversations) -> None:
    assert branches.clear(await read(kept)) == ()
    kept.apply(branches.append(await read(kept), "a"))
    kept.apply(*branches.clear(await read(kept)))
    assert await bodies(kept) == []


async def test_starting_anew_keeps_the_old_one_aside(kept: MemoryConversations) -> None:
    assert branches.start_anew(await read(kept), NOON) == ()
    for text in "ab":
        kept.apply(branches.append(await read(kept), text))
        kept.apply(*branches.start_anew(await read(kept), NOON))
        assert await bodies(kept) == []
    assert await bodies(kept, "2026-01-31-120000") == ["a"]
    assert await bodies(kept, "2026-01-31-120000-2") == ["b"]
    names = {branch.name for branch in await kept.branches("o", "context")}
    assert names == {"2026-01-31-120000", "2026-01-31-120000-2"}


async def test_switching_loses_nothing(kept: MemoryConversations) -> None:
    kept.apply(branches.append(await read(kept), "a"))
    kept.apply(*branches.switch(await read(kept, "work")))
    assert await bodies(kept) == []
    kept.apply(branches.append(await read(kept), "w"))
    kept.apply(*branches.switch(await read(kept, "default")))
    assert await bodies(kept) == ["a"]
    assert await bodies(kept, "work") == ["w"]


async def test_a_branch_that_is_switched_to_counts_as_used_now() -> None:
    times = iter([100.0, 100.0, 200.0])
    kept = MemoryConversations(clock=lambda: next(times))
    kept.apply(branches.append(Branch("o", "context", "old"), "a"))
    kept.apply(*branches.switch(await read(kept, "old")))
    assert (await read(kept)).updated_at == 200.0


async def test_fork_at_any_turn(kept: MemoryConversations) -> None:
    kept.apply(branches.append(await read(kept), "a", "b", "c"))
    kept.apply(*branches.fork(await read(kept), "early", 1))
    kept.apply(branches.append(await read(kept), "x"))
    assert await bodies(kept, "early") == ["a", "x"]
    assert await bodies(kept, "default") == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["", "  ", ".hidden", "x" * 101, "a\nb", "a\x00"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(UserError):
        branches.valid_name(name)


@given(
    st.text(min_size=1, max_size=100).filter(
        lambda text: text.strip() == text and text.isprintable() and text[0] != "."
    )
)
def test_any_other_name_is_kept(name: str) -> None:
    assert branches.valid_name(f" {name} ") == name


def test_the_hubs_own_branches_are_not_listed() -> None:
    found = [Branch("o", "context", "a", 1), Branch("o", "context", ".unanswered", 2)]
    assert [branch.name for branch in branches.listed(found)] == ["a"]


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["append", "withdraw", "anew", "switch", "instead"]), st.integers(0, 4)), max_size=30
)


@given(OPERATIONS)
async def test_branches_do_what_lists_would(operations: list[tuple[str, int]]) -> None:
    """Each branch behaves as a list of its own."""
    kept, model, current = MemoryConversations(), dict[str, list[object]](), "default"
    for count, (operation, number) in enumerate(operations):
        branch = await read(kept)
        here = model.setdefault(current, [])
        match operation:
            case "append":
                kept.apply(branches.append(branch, count))
                here.append(count)
            case "withdraw":
                kept.apply(*branches.withdraw(branch, number))
                del here[max(0, len(here) - number) :]
            case "instead":
                kept.apply(branches.instead(branch, min(number, len(here)), count))
                here[number:] = [count]
            case "anew":
                kept.apply(*branches.start_anew(branch, float(count)))
                if here:
                    model[branches.time_name(count)] = list(here)
                here.clear()
            case _:
                current = f"b{number}"
                kept.apply(*branches.switch(await read(kept, current)))
    for name, expected in model.items():
        assert await bodies(kept, name) == expected
