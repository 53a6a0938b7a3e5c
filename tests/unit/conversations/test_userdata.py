"""Edits of what owners keep: units by number, branches of three kinds, undoing, archives; nothing is lost."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversations import archives, trees, undoing, units, values
from hubbub.conversations.branches import HIDDEN
from hubbub.conversations.contexts import turn_of
from hubbub.conversations.userdata import UserData
from hubbub.conversations.users import HUB, branch_of_user, is_user, owner_of_user, plain_name
from hubbub.core.errors import Overloaded, UserError
from hubbub.core.work import Append, Branch, BranchKind, MoveHead, Switch, Write
from tests.fakes.memory import MemoryConversations

KINDS: tuple[BranchKind, ...] = get_args(BranchKind)
DAY = 86_400.0


class Kept:
    """What one owner keeps, with a clock."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.store = MemoryConversations(clock=lambda: self.now)
        self.data = UserData(self.store, lambda: self.now)

    async def say(self, *words: str, name: str = "") -> None:
        branch = await self.store.branch("o", "context", name)
        self.store.apply(Append("o", "context", branch.name, tuple(unit(word) for word in words)))
        self.now += 1

    async def said(self, name: str = "") -> list[object]:
        return [each["content"] for each in units.units_of(await self.store.branch("o", "context", name))]


def unit(words: str, role: str = "user", **more: object) -> dict[str, object]:
    return {"role": role, "content": words, **more}


@pytest.fixture
def kept() -> Kept:
    return Kept()


def key(error: pytest.ExceptionInfo[UserError]) -> str:
    assert error.value.user_text is not None
    return error.value.user_text.key


# --- units


async def test_units_are_shown_without_what_only_the_hub_needs(kept: Kept) -> None:
    body = unit("a", "assistant", reasoning_content="r", model="m", time=1.0, summary={"text": "s", "upto": 1})
    kept.store.apply(Append("o", "context", "default", ({"summary": {"text": "s", "upto": 0}}, unit("q"), body)))
    assert units.units_of(await kept.store.branch("o", "context")) == [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a", "reasoning_content": "r"},
    ]
    assert units.length_of(await kept.store.branch("o", "context")) == units.Length(2, 2)


@pytest.mark.parametrize(("index", "left"), [(0, ["b", "c"]), (1, ["a", "c"]), (2, ["a", "b"])])
async def test_withdraw_and_undo(kept: Kept, index: int, left: list[object]) -> None:
    await kept.say("a", "b", "c")
    assert [each["content"] for each in units.units_of(await kept.data.withdraw("o", index))] == left
    await kept.data.undo("o", "context")
    assert await kept.said() == ["a", "b", "c"]


async def test_rewrite_and_undo(kept: Kept) -> None:
    await kept.say("a", "b")
    kept.store.apply(Append("o", "context", "default", (unit("c", "assistant"),)))
    await kept.data.rewrite("o", 0, content="A")
    await kept.data.rewrite("o", 2, reasoning="thought")
    assert units.units_of(await kept.store.branch("o", "context")) == [
        unit("A"),
        unit("b"),
        unit("c", "assistant", reasoning_content="thought"),
    ]
    before = await kept.store.branch("o", "context")
    assert await kept.data.rewrite("o", 1) == before
    await kept.data.undo("o", "context")
    await kept.data.undo("o", "context")
    assert await kept.said() == ["a", "b", "c"]
    with pytest.raises(UserError) as error:
        await kept.data.undo("o", "context")
    assert key(error) == "branch.nothing_to_undo"


@pytest.mark.parametrize("index", [-1, 2, 99, 10**30])
async def test_units_that_there_are_not(kept: Kept, index: int) -> None:
    await kept.say("a", "b")
    for work in (kept.data.withdraw("o", index), kept.data.rewrite("o", index, "x")):
        with pytest.raises(UserError) as error:
            await work
        assert key(error) == "context.index"
    assert await kept.said() == ["a", "b"]


async def test_only_assistants_think(kept: Kept) -> None:
    await kept.say("a")
    with pytest.raises(UserError) as error:
        await kept.data.rewrite("o", 0, reasoning="x")
    assert key(error) == "context.reasoning"


async def test_inject(kept: Kept) -> None:
    await kept.data.inject("o", "system", "rules", "me")
    assert units.units_of(await kept.store.branch("o", "context")) == [unit("rules", "system", name="me")]
    for role, words, expected in (("robot", "x", "context.role"), ("user", " ", "context.empty")):
        with pytest.raises(UserError) as error:
            await kept.data.inject("o", role, words)
        assert key(error) == expected


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.tuples(st.integers(-1, 6), st.booleans()), max_size=8))
def test_a_context_does_what_a_list_does(words: list[str], changes: list[tuple[int, bool]]) -> None:
    async def run() -> None:
        kept, model = Kept(), list(words)
        await kept.say(*words)
        undone: list[list[str]] = []
        for index, rewrite in changes:
            try:
                await (kept.data.rewrite("o", index, "R") if rewrite else kept.data.withdraw("o", index))
            except UserError:
                assert not 0 <= index < len(model)
                continue
            undone.append(list(model))
            if rewrite:
                model[index] = "R"
            else:
                del model[index]
            assert await kept.said() == model
        for before in reversed(undone):
            await kept.data.undo("o", "context")
            assert await kept.said() == before

    asyncio.run(run())


# --- branches


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_lost_by_switching(kept: Kept, kind: BranchKind) -> None:
    body: dict[BranchKind, object] = {"context": unit("a"), "prompt": "P", "config": {"k": 1}}
    kept.store.apply(Append("o", kind, "default", (body[kind],)))
    await kept.data.switch("o", kind, "b")
    assert await kept.data.current("o", kind) == "b"
    assert (await kept.data.branch("o", kind)).nodes == ()
    assert await kept.data.branches("o", kind) == ["default"]
    await kept.data.switch("o", kind, "default")
    assert (await kept.data.branch("o", kind)).nodes[-1].body == body[kind]
    await kept.data.rename("o", kind, "default", "kept")
    assert await kept.data.current("o", kind) == "kept"
    await kept.data.fork("o", kind, "copy")
    assert await kept.data.branches("o", kind) == ["copy", "kept"]
    await kept.data.delete("o", kind)
    assert await kept.data.branches("o", kind) == ["kept"]
    await kept.data.undo("o", kind)
    assert await kept.data.branches("o", kind) == ["copy", "kept"]
    assert await kept.data.users(kind) == ["o"]


async def test_names_that_are_taken_and_branches_that_are_not_there(kept: Kept) -> None:
    await kept.say("a")
    await kept.say("b", name="other")
    for work in (kept.data.rename("o", "context", "default", "other"), kept.data.fork("o", "context", "other")):
        with pytest.raises(UserError) as error:
            await work
        assert key(error) == "branch.exists"
    with pytest.raises(UserError) as error:
        await kept.data.rename("o", "context", "nothing", "new")
    assert key(error) == "branch.none"
    await kept.data.delete("o", "context", "nothing")


@pytest.mark.parametrize(("position", "left"), [(0, []), (1, ["a"]), (2, ["a", "b"]), (3, ["a", "b", "c"])])
async def test_fork_at_any_turn(kept: Kept, position: int, left: list[object]) -> None:
    kept.store.apply(Append("o", "context", "default", ({"summary": {"text": "s", "upto": 0}},)))
    await kept.say("a", "b", "c")
    await kept.data.fork("o", "context", "new", position)
    assert await kept.said() == left
    assert await kept.said("default") == ["a", "b", "c"]
    with pytest.raises(UserError):
        await kept.data.fork("o", "context", "other", 4, "default")


async def test_clone_from_another_owner(kept: Kept) -> None:
    await kept.say("a", "b")
    source = await kept.store.branch("o", "context")
    kept.store.apply(Append("p", "context", "default", (unit("mine"),)))
    await kept.data.clone("p", "context", source)
    found = await kept.store.branch("p", "context")
    assert [each["content"] for each in units.units_of(found)] == ["a", "b"]
    assert {node.id for node in found.nodes}.isdisjoint(node.id for node in source.nodes)
    await kept.data.undo("p", "context")
    assert units.units_of(await kept.store.branch("p", "context")) == [unit("mine")]


async def test_what_was_said_since_is_put_aside_by_undoing(kept: Kept) -> None:
    await kept.say("a", "b")
    await kept.data.withdraw("o", 1)
    kept.now += 5
    await kept.say("c")
    await kept.data.undo("o", "context")
    assert await kept.said() == ["a", "b"]
    aside = [name for name in await kept.data.branches("o", "context") if name.endswith("-undo")]
    assert await kept.said(aside[0]) == ["a", "c"]


async def test_after_thirty_days_it_is_too_late(kept: Kept) -> None:
    await kept.say("a")
    await kept.data.withdraw("o", 0)
    kept.now += undoing.KEPT_SECONDS + 1
    with pytest.raises(UserError):
        await kept.data.undo("o", "context")
    kept.now -= 2
    await kept.data.undo("o", "context")
    assert await kept.said() == ["a"]


# --- prompts and settings


async def test_prompts(kept: Kept) -> None:
    await kept.data.set_prompt("o", "P {user_id}")
    assert await kept.data.prompt("o") == "P {user_id}"
    await kept.data.delete("o", "prompt")
    assert await kept.data.prompt("o") == ""


async def test_settings(kept: Kept) -> None:
    assert await kept.data.set_value("o", "temperature", 0.5) == {"temperature": 0.5}
    assert await kept.data.set_value("o", "n", None) == {"temperature": 0.5, "n": None}
    assert await kept.data.delete_key("o", "temperature") == {"n": None}
    with pytest.raises(UserError) as error:
        await kept.data.delete_key("o", "temperature")
    assert key(error) == "config.key"
    await kept.data.set_value("o", "timezone", 8)
    assert await kept.data.set_value("o", "time_zone", 9.0) == {"n": None, "time_zone": 9.0}
    assert await kept.data.config("o") == {"n": None, "time_zone": 9.0}


GOOD: list[tuple[str, object, object]] = [
    ("int", "3", 3), ("int", " -3 ", -3), ("int", 4, 4), ("int", 4.0, 4), ("float", "0.5", 0.5), ("float", 1, 1.0),
    ("string", "x", "x"), ("string", {"a": 1}, '{"a": 1}'), ("bool", "false", False), ("bool", "True", True),
    ("bool", "0", False), ("bool", True, True), ("list", '["a"]', ["a"]), ("dict", '{"a":1}', {"a": 1}),
    ("list", [1], [1]), ("null", "x", None),
]  # fmt: skip
BAD: list[tuple[str, object]] = [
    ("int", "1.5"), ("int", "x"), ("int", True), ("int", "9" * 40), ("float", "nan"), ("float", "inf"), ("float", []),
    ("bool", "maybe"), ("list", "{}"), ("list", "x"), ("dict", "[]"), ("dict", "{"), ("dict", "[" * 100_000),
    ("list", "[" * 60 + "]" * 60), ("list", "[1e999]"), ("list", [2**70]), ("float", None), ("list", 3),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given_value", "expected"), GOOD)
def test_values_of_types(kind: str, given_value: object, expected: object) -> None:
    found = values.typed(kind, given_value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("kind", "given_value"), BAD)
def test_values_that_are_none_of_their_type(kind: str, given_value: object) -> None:
    with pytest.raises(UserError) as error:
        values.typed(kind, given_value)
    assert key(error) == "config.value"


def test_types_that_there_are_not() -> None:
    with pytest.raises(UserError) as error:
        values.typed("foo", "x")
    assert key(error) == "config.type"


# --- many at once


async def test_of_many_edits_at_once_none_is_lost(kept: Kept) -> None:
    await asyncio.gather(*(kept.data.set_value("o", f"k{number}", number) for number in range(50)))
    assert await kept.data.config("o") == {f"k{number}": number for number in range(50)}


async def test_an_edit_is_decided_anew_when_somebody_was_faster(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    await kept.say("a")
    change, lost = kept.store.change, [True]

    async def racing(writes: Any, seen: Any = ()) -> bool:
        if lost.pop() if lost else False:
            await kept.say("meanwhile")
        return await change(writes, seen)

    monkeypatch.setattr(kept.store, "change", racing)
    await kept.data.inject("o", "user", "x")
    assert await kept.said() == ["a", "meanwhile", "x"]


async def test_edits_of_one_owner_wait_in_line_but_not_for_ever(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[int] = []
    gate = asyncio.Event()
    change = kept.store.change

    async def slow(writes: Any, seen: Any = ()) -> bool:
        await gate.wait()
        return await change(writes, seen)

    monkeypatch.setattr(kept.store, "change", slow)

    async def inject(number: int) -> None:
        await kept.data.inject("o", "user", str(number))
        order.append(number)

    waiting = [asyncio.create_task(inject(number)) for number in range(100)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await kept.data.inject("o", "user", "one too many")
    gate.set()
    await asyncio.gather(*waiting)
    assert order == list(range(100))
    monkeypatch.setattr(kept.store, "change", _never)
    with pytest.raises(Overloaded):
        await kept.data.inject("o", "user", "x")


async def _never(writes: Any, seen: Any = ()) -> bool:
    return False


# --- users


@pytest.mark.parametrize(
    ("user_id", "home", "owner"),
    [
        ("far:group:1:2", "", "far:group:1:2"),
        ("far:private:5", "near", "far:private:5"),
        ("Group:1:2", "", "Group_1_2"),
        ("Group_1_2", "", "Group_1_2"),
        ("Group:1:2", "far", "far:group:1:2"),
        ("Group_1_2", "far", "far:group:1:2"),
        ("Private:5", "far", "far:private:5"),
        ("Group_7_Public_Space", "far", "far:group:7"),
        ("Group_7_Public_Space", "", "Group_7_Public_Space"),
        ("a/b\\..", "", "a_b_.."),
        ("你好 🎉", "", "你好 🎉"),
        (f"{HUB}access", "", "hub_access"),
        ("hub:private:x", "", "hub_private_x"),
        ("x\ny", "", "x_y"),
        ("", "", "_"),
    ],
)
def test_who_a_user_is(user_id: str, home: str, owner: str) -> None:
    assert owner_of_user(user_id, home) == owner


@given(st.text(max_size=400))
def test_every_name_is_somebodys_and_nobodys_is_the_hubs(name: str) -> None:
    owner = owner_of_user(name)
    assert owner == owner_of_user(owner)
    assert is_user(owner)
    assert len(owner) <= 255
    owner.encode()
    branch = branch_of_user(name)
    assert branch == branch_of_user(branch)
    assert not branch.startswith(HIDDEN)


def test_long_names_have_a_digest() -> None:
    assert len(plain_name("x" * 300)) == 16
    assert plain_name("x" * 300) != plain_name("x" * 301)


# --- trees and archives


async def test_a_tree_shows_what_is_common_once(kept: Kept) -> None:
    await kept.say("one", "two")
    await kept.data.fork("o", "context", "left")
    await kept.say("three")
    await kept.data.fork("o", "context", "right", 2)
    await kept.say("four", "five")
    tree = await trees.read(kept.store, "o")
    assert trees.drawn(tree) == ["- one (2) [default]", "  - three (1) [left]", "  - four (2) [right]"]
    assert trees.drawn(tree, 1) == ["- one (2) [default]", "…"]
    assert not trees.drawn(trees.build([]))


async def test_an_archive_of_the_current_branches(kept: Kept) -> None:
    empty = archives.read(await archives.current(kept.store, "o"))
    assert [(each.kind, each.value) for each in empty] == [("context", []), ("config", {}), ("prompt", "")]
    await kept.say("你好")
    data = await archives.current(kept.store, "o")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["user_context.json", "user_config.json", "user_prompt.json"]
        assert archive.read("user_context.json").decode() == json.dumps([unit("你好")], indent=4, ensure_ascii=False)
        assert archive.getinfo("user_context.json").compress_type == zipfile.ZIP_STORED


async def test_an_archive_of_everything_goes_in_again(kept: Kept) -> None:
    await kept.say("a", "b")
    await kept.data.set_prompt("o", "P")
    await kept.data.set_value("o", "k", [1, {"x": None}])
    await kept.data.fork("o", "context", "other", 1)
    data = await archives.whole(kept.store, "o")
    assert await kept.data.restore("new", data) == 4
    for kind in KINDS:
        assert await kept.data.branches("new", kind) == await kept.data.branches("o", kind)
        assert await kept.data.current("new", kind) == await kept.data.current("o", kind)
        for name in await kept.data.branches("o", kind):
            theirs = await kept.store.branch("new", kind, name)
            assert archives.value_of(theirs) == archives.value_of(await kept.store.branch("o", kind, name))
    assert await kept.data.restore("new", data) == 0


async def test_what_is_no_archive(kept: Kept) -> None:
    def packed(name: str, data: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        return buffer.getvalue()

    bomb = packed("user_context.json", b" " * (archives.LARGEST + 1))
    for data in (
        b"",
        b"x" * 100,
        packed("a.txt", b""),
        packed("user_context.json", b"{"),
        packed("../x/y.json", b"1"),
        bomb,
    ):
        with pytest.raises(UserError) as error:
            await kept.data.restore("o", data)
        assert key(error).startswith("userdata.archive.")
    odd = packed("user_context.json", b'[3, {"role": "x"}, {"role": "user", "content": [1]}]')
    assert await kept.data.restore("o", odd) == 1
    assert await kept.said() == [""]


@given(
    st.recursive(
        st.none() | st.sampled_from(["user", "role", "x"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content"]), inner),
        max_leaves=8,
    )
)
def test_bodies_of_anything_are_units(value: object) -> None:
    given_units = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    for body in units.bodies_of(given_units):
        assert turn_of(body) is not None


def test_writes_name_the_branch_that_was_read() -> None:
    empty = Branch("o", "context", "b")
    assert {units.WITHDRAW, units.REWRITE} <= undoing.REASONS
    made: tuple[Write, ...] = units.inject(empty, "user", "x")
    assert all(isinstance(each, Append | MoveHead | Switch) and each.branch == "b" for each in made)
