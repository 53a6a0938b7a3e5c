"""A store in every order: random steps of two nodes, crashes included, compared with a model of the contract.

An engine's test subclasses `StoreMachine` and says in which loop to run and how to make a harness on fresh data.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from typing_extensions import override

from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Fenced
from hubbub.core.events import Fired
from hubbub.core.identities import Author
from hubbub.core.reports import Report, Told
from hubbub.core.work import (
    Append,
    Archive,
    Claim,
    Committed,
    MoveHead,
    Receipt,
    State,
    Switch,
    TimerCancel,
    TimerSet,
    Unit,
    Write,
)
from tests.contract.store_harness import ALL_STATES, Ending, StoreHarness, event, out, room, words
from tests.contract.store_model import Model, MRow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

T = TypeVar("T")
Sends = Sequence[tuple[Delivery, State]]
Writes = Sequence[tuple[str, int, int]]

LANES, BRANCHES, TIMERS = 3, ("default", "one", "two"), 3
NUMBERS = 18


def some(*options: Iterable[Any]) -> st.SearchStrategy[Any]:
    """One of each, all in a single draw: what takes time in a run is drawing."""
    return st.sampled_from(list(itertools.product(*options)))


NODES, ANYBODY, BOTH = "ab", ("a", "a", "b", ""), (True, False)
PICKS, DONE = range(8), range(4)
CALL = some(range(NUMBERS), ANYBODY)
FATES = list(itertools.product(Delivery, (State.QUEUED, State.SENDING)))
SENDS = st.sampled_from([tuple(sends) for count in range(3) for sends in itertools.product(FATES, repeat=count)])
KINDS = ("append", "append", "onto", "move", "archive", "archive", "switch", "timer", "timer", "cancel")
WRITES = st.lists(some(KINDS, range(6), range(6)), min_size=1, max_size=3)
STEP = some(range(4), ("begin", "settle", "fail", "retry", "drop", "report"), (State.QUEUED, State.UNKNOWN, State.DEAD))
TOLD = {State.QUEUED: Told.SENT, State.UNKNOWN: Told.READ, State.DEAD: Told.FAILED}
"""What a platform tells, where a step is a report."""
UNDER_WAY = st.one_of(
    st.tuples(st.just("accept"), CALL),
    st.tuples(st.just("commit"), some(PICKS, DONE), SENDS, WRITES),
    st.tuples(st.just("row"), STEP),
)


class OpenHarness(StoreHarness, Protocol):
    """A harness whose store is open, with an end."""

    async def end(self, how: Ending = "closed") -> None: ...

    def remove(self) -> None: ...


def lane_of(number: int) -> str:
    return room(f"lane-{number % LANES}").key


class StoreMachine(RuleBasedStateMachine):
    """Every rule does one thing to the store and the same to the model; `look` compares all that can be seen."""

    runner: asyncio.Runner

    def make(self) -> Coroutine[Any, Any, OpenHarness]:
        """Open a harness on fresh data."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.claims: list[tuple[str, int]] = []
        self.count = 0
        self.healthy = True

    def run_now(self, work: Coroutine[Any, Any, T]) -> T:
        async def bounded() -> T:
            async with asyncio.timeout(10):
                return await work

        healthy, self.healthy = self.healthy, False
        result = self.runner.get_loop().run_until_complete(bounded())
        self.healthy = healthy
        return result

    @initialize()
    def open(self) -> None:
        self.harness = self.run_now(self.make())

    @override
    def teardown(self) -> None:
        try:
            if self.healthy:
                self.run_now(self._last_look())
        finally:
            if hasattr(self, "harness"):
                self.run_now(self.harness.end("killed"))
                self.harness.remove()

    async def _last_look(self) -> None:
        await self._look(afresh=True)
        await self._reopened("killed")
        await self._look()
        free = self.model.free()
        claims = await self.harness.store.inbox.claim("z", 100)
        assert sorted(claim.lane for claim in claims) == sorted(free), "what was accepted is lost"
        self._claimed(claims, "z")

    # --- the inbox ---------------------------------------------------------------------------------------------

    def _accept(self, number: int, node: str) -> Awaitable[Receipt]:
        name = f"lane-{number % LANES}"
        return self.harness.store.inbox.accept(event(number, name), lane_of(number), node)

    def _accepted(self, receipt: Receipt, number: int, node: str) -> None:
        name = f"event-{number}"
        known = self.model.entries.get(name)
        assert receipt.duplicate is (known is not None), f"{name} is {'known' if known else 'new'}"
        if known is not None:
            assert receipt.claim is None
            known.id = known.id or receipt.entry.id
            assert (receipt.entry.id, receipt.entry.lane) == (known.id, known.lane)
        else:
            self._entered(receipt, node)

    def _entered(self, receipt: Receipt, node: str) -> None:
        name, lane = receipt.entry.event.id, receipt.entry.lane
        assert receipt.entry.id > max((each.id for each in self.model.entries.values()), default=0)
        handed = self.model.accept(name, lane, node)
        self.model.entries[name].id = receipt.entry.id
        assert (receipt.claim is not None) is handed, f"{name} is {'not ' * (not handed)}for {node!r}"
        if receipt.claim is not None:
            assert [entry.event.id for entry in receipt.claim.entries] == [name]
            self._hold(receipt.claim, node)

    def _hold(self, claim: Claim, node: str) -> None:
        self.model.held(claim.lane, node, claim.fence)
        self.claims = [*self.claims, (claim.lane, claim.fence)][-8:]

    @rule(call=CALL)
    def accept(self, call: tuple[int, str]) -> None:
        async def work() -> None:
            self._accepted(await self._accept(*call), *call)

        self.run_now(work())

    @rule(calls=st.lists(CALL, min_size=2, max_size=4))
    def accept_at_once(self, calls: list[tuple[int, str]]) -> None:
        async def work() -> None:
            started = [(self._accept(*call), call) for call in calls]
            for waiting, call in started:
                self._accepted(await waiting, *call)

        self.run_now(work())

    def _claimed(self, claims: Sequence[Claim], node: str) -> None:
        for claim in claims:
            expected = self.model.claimed(claim.lane, node, claim.fence)
            assert [entry.event.id for entry in claim.entries] == expected
            for entry in claim.entries:
                known = self.model.entries[entry.event.id]
                known.id = known.id or entry.id
                assert entry.id == known.id
            self._hold(claim, node)

    @rule(how=some(NODES, (1, 2, 3)))
    def claim(self, how: tuple[str, int]) -> None:
        node, limit = how

        async def work() -> None:
            free = self.model.free()
            claims = await self.harness.store.inbox.claim(node, limit)
            assert len(claims) == min(limit, len(free))
            self._claimed(claims, node)

        self.run_now(work())

    @rule(how=some(NODES, range(NUMBERS), BOTH))
    def claim_and_accept_at_once(self, how: tuple[str, int, bool]) -> None:
        """What reaches the node first is what came first."""
        node, number, accept_first = how
        reached: dict[str, list[int]] = {}

        async def claim() -> None:
            claims = await self.harness.store.inbox.claim(node, 3)
            for each in claims:
                reached.setdefault(each.lane, []).extend(entry.id for entry in each.entries)
            self._claimed(claims, node)

        async def accept() -> None:
            receipt = await self._accept(number, node)
            if receipt.claim is not None:
                reached.setdefault(receipt.entry.lane, []).append(receipt.entry.id)
            self._accepted(receipt, number, node)

        async def work() -> None:
            self.harness.hold()
            calls = [accept(), claim()] if accept_first else [claim(), accept()]
            tasks = [asyncio.ensure_future(call) for call in calls]
            await asyncio.sleep(0)
            self.harness.let_go()
            for task in tasks:
                await task

        self.run_now(work())
        assert all(ids == sorted(ids) for ids in reached.values())

    @rule(how=some(PICKS, ("a", "b", "", "")))
    def give_up(self, how: tuple[int, str]) -> None:
        """One claim, or all of a node."""
        pick, node = how
        if node:
            self.run_now(self.harness.store.inbox.abandon(node))
            self.model.abandon(node)
        elif self.claims:
            lane, fence = self.claims[pick % len(self.claims)]
            self.run_now(self.harness.store.inbox.release(lane, fence))
            self.model.give_back(lane, fence)

    # --- units -------------------------------------------------------------------------------------------------

    async def _unit(self, lane: str, done: int, sends: Sends, writes: Writes) -> tuple[Unit, Callable[[], None]]:
        """A unit, and what it does to the model."""
        handed = [name for name in self.model.waiting(lane) if name in self.model.lane(lane).handed][:done]
        cause = next(iter(handed), "")
        ids = {name: self.model.entries[name].id for name in handed}
        effects: list[Callable[[], None]] = [lambda: self.model.finish(handed)]
        rows, stored = [], []
        for delivery, state in sends:
            self.count += 1
            state = State.KEPT if delivery is Delivery.WINDOW else state
            draft = state is State.QUEUED and not self.count % 3
            rows.append(out(f"row {self.count}", delivery=delivery, state=state, entry=ids.get(cause, 0), draft=draft))
            row = MRow(f"row {self.count}", cause, delivery, state, int(state is State.SENDING), draft=draft)
            effects.append(lambda row=row: self.model.send(row))  # type: ignore[misc]  # a default binds it
        for what, first, second in writes:
            write, effect = await self._write(what, first, second)
            stored.append(write)
            effects.append(effect)

        def apply() -> None:
            for effect in effects:
                effect()

        dead = tuple((ids[name], "it broke") for name in handed[1:2])
        finished = tuple(ids[name] for name in (*handed[:1], *handed[2:]))
        return Unit(finished, tuple(rows), tuple(stored), dead), apply

    async def _write(self, what: str, first: int, second: int) -> tuple[Write, Callable[[], None]]:
        self.count += 1
        name, other = BRANCHES[first % 3], BRANCHES[second % 3]
        branches, timers = self.model.branches, self.model.timers
        branch = await self.harness.store.conversations.branch("o", "context", name)
        bodies = tuple(str(node.body) for node in branch.nodes)
        assert bodies == branches.get(name, ())
        at = second % (len(bodies) + 1)
        node, left = (branch.nodes[at - 1].id if at else 0), bodies[:at]
        new = tuple(f"body {self.count}.{each}" for each in range(second % 3))
        timer, due, fired = (
            f"timer-{first % TIMERS}",
            10.0 * (1 + second % 3),
            f"fired-{first % TIMERS}-{self.count % 2}",
        )

        def archive() -> None:
            if branches.get(name):
                target = next(
                    each for each in (other, *(f"{other}-{n}" for n in range(2, 99))) if not branches.get(each)
                )
                branches[target] = branches[name]
                branches[name] = ()

        steps: dict[str, tuple[Write, Callable[[], None]]] = {
            "append": (
                Append("o", "context", name, new),
                lambda: branches.__setitem__(name, branches.get(name, ()) + new),
            ),
            "onto": (Append("o", "context", other, new, node), lambda: branches.__setitem__(other, left + new)),
            "move": (MoveHead("o", "context", other, node, "moved"), lambda: branches.__setitem__(other, left)),
            "archive": (Archive("o", "context", name, other), archive),
            "switch": (Switch("o", "context", name), lambda: setattr(self.model, "current", name)),
            "timer": (
                TimerSet(timer, due, Fired(fired, room(), Author("hub"), due, "reminder"), lane_of(second)),
                lambda: timers.__setitem__(timer, (due, fired, lane_of(second))),
            ),
            "cancel": (TimerCancel(timer), lambda: timers.pop(timer, None) and None),
        }
        return steps[what]

    def _committed(self, committed: Committed, unit: Unit) -> None:
        assert words(committed.rows) == [send.message[0].text for send in unit.sends]  # type: ignore[union-attr]
        for row in committed.rows:
            mine = self.model.rows[words([row])[0]]
            assert (row.state, row.attempts) == (mine.state, mine.attempts)
            mine.id, mine.key = row.id, row.key

    async def _some_claim(self, pick: int) -> tuple[str, int] | None:
        """Mostly one that may commit."""
        if pick % 4 == 0 and self.claims:
            return self.claims[pick % len(self.claims)]
        if not (current := self._current()):
            self._claimed(await self.harness.store.inbox.claim("a", 3), "a")
            if not self._current() and (new := [n for n in range(NUMBERS) if f"event-{n}" not in self.model.entries]):
                self._accepted(await self._accept(new[0], "a"), new[0], "a")
            current = self._current()
        return current[pick % len(current)] if current else None

    def _current(self) -> list[tuple[str, int]]:
        return [claim for claim in self.claims if self.model.may_commit(*claim)]

    @rule(how=some(PICKS, DONE, BOTH), sends=SENDS)
    def send(self, how: tuple[int, int, bool], sends: Sends) -> None:
        self.run_now(self._commit(how, sends, []))

    @rule(how=some(PICKS, DONE, BOTH), writes=WRITES)
    def write(self, how: tuple[int, int, bool], writes: Writes) -> None:
        self.run_now(self._commit(how, (), writes))

    async def _commit(self, how: tuple[int, int, bool], sends: Sends, writes: Writes) -> None:
        pick, done, release = how
        claim = await self._some_claim(pick)
        if claim is None:
            return
        lane, fence = claim
        unit, apply = await self._unit(lane, done, sends, writes)
        try:
            committed = await self.harness.store.inbox.commit(lane, fence, unit, release=release)
        except Fenced:
            assert not self.model.may_commit(lane, fence), "the newest claim was fenced out"
            return
        assert self.model.may_commit(lane, fence), "a stale claim committed"
        apply()
        self._committed(committed, unit)
        assert committed.released is (release and self.model.release(lane, fence))

    # --- the outbox and timers ---------------------------------------------------------------------------------

    @rule(steps=st.lists(STEP, min_size=1, max_size=4))
    def row_steps(self, steps: list[tuple[int, str, State]]) -> None:
        for pick, what, state in steps:
            if known := self._known_rows():
                call, apply = self._row_step(known[pick % len(known)], what, state)
                assert self.run_now(_awaited(call())) == apply()

    def _known_rows(self) -> list[MRow]:
        """The newest, mostly."""
        return [row for row in self.model.rows.values() if row.id and row.state is not State.KEPT][-4:]

    def _row_step(self, row: MRow, what: str, state: State) -> tuple[Callable[[], Awaitable[Any]], Callable[[], Any]]:
        outbox, model, name = self.harness.store.outbox, self.model, row.words

        async def moved(call: Awaitable[object]) -> bool:
            return await call is not None

        if what == "begin":
            return lambda: outbox.begin(row.id), lambda: model.begin(name)
        if what == "settle":
            return lambda: outbox.settle(row.id, f"id of {name}"), lambda: model.settle(name, f"id of {name}")
        if what == "fail":
            return lambda: outbox.fail(row.id, state, "why"), lambda: model.fail(name, state)
        if what == "retry":
            return lambda: moved(outbox.retry(row.id)), lambda: model.retry(name)
        if what == "report":
            return self._report(row, TOLD[state])
        return lambda: moved(outbox.drop(row.id)), lambda: model.drop(name)

    def _report(self, row: MRow, told: Told) -> tuple[Callable[[], Awaitable[Any]], Callable[[], Any]]:
        """What a platform tells of a message, by its key."""
        self.count += 1
        name = row.message_id or f"id of {row.words}"
        report = Report(room(), name, told, float(self.count), key=row.key)

        async def changed() -> bool:
            return bool((await self.harness.store.outbox.report([report])).rows)

        return changed, lambda: self.model.report(row.words, name, told)

    @rule(how=some((5.0, 25.0, 35.0), ANYBODY, (1, 2)))
    def fire(self, how: tuple[float, str, int]) -> None:
        now, node, times = how

        async def work() -> None:
            expected = self.model.fire(now)
            fired = await asyncio.gather(*(self.harness.store.timers.fire(now, node) for _ in range(times)))
            receipts = sorted((receipt for some in fired for receipt in some), key=lambda receipt: receipt.entry.id)
            assert [(receipt.entry.event.id, receipt.entry.lane) for receipt in receipts] == expected
            for receipt in receipts:
                self._entered(receipt, node)

        self.run_now(work())

    # --- endings -----------------------------------------------------------------------------------------------

    async def _reopened(self, how: Ending) -> None:
        await self.harness.reopen(how)
        self.model.restart()

    @rule(how=some(("closed", "killed"), BOTH))
    def restart(self, how: tuple[Ending, bool]) -> None:
        async def work() -> None:
            await self._reopened(how[0])
            if how[1]:
                assert words(await self.harness.store.outbox.recover("a")) == self.model.recover()
            await self._look()

        self.run_now(work())

    @rule(under_way=UNDER_WAY, stored=st.booleans())
    def die(self, under_way: tuple[Any, ...], stored: bool) -> None:
        """The process ends with something under way: stored, or not; nobody was told."""
        what, *how = under_way
        steps: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
            "accept": self._die_accepting,
            "commit": self._die_committing,
            "row": self._die_sending,
        }
        self.run_now(steps[what](*how, stored=stored))

    async def _die(self, call: Awaitable[Any], *, stored: bool) -> None:
        self.harness.hold()
        task = asyncio.ensure_future(call)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done(), "told before it was stored"
        await self._reopened("unheard" if stored else "killed")
        task.cancel()

    async def _die_accepting(self, call: tuple[int, str], *, stored: bool) -> None:
        """The platform repeats what was not acknowledged."""
        number, node = call
        await self._die(self._accept(number, node), stored=stored)
        if stored and f"event-{number}" not in self.model.entries:
            self.model.accept(f"event-{number}", lane_of(number), "")
        self._accepted(await self._accept(number, node), number, node)

    async def _die_committing(self, how: tuple[int, int], sends: Sends, writes: Writes, *, stored: bool) -> None:
        pick, done = how
        if not (current := self._current()):
            return
        lane, fence = current[pick % len(current)]
        unit, apply = await self._unit(lane, done, sends, writes)
        await self._die(self.harness.store.inbox.commit(lane, fence, unit, release=bool(pick % 2)), stored=stored)
        if stored:
            apply()
        await self._look()

    async def _die_sending(self, step: tuple[int, str, State], *, stored: bool) -> None:
        pick, what, state = step
        if not (known := self._known_rows()):
            return
        call, apply = self._row_step(known[pick % len(known)], what, state)
        await self._die(call(), stored=stored)
        if stored:
            apply()
        await self._look()

    # --- looking -----------------------------------------------------------------------------------------------

    async def _look(self, *, afresh: bool = False) -> None:
        """Compare all that can be seen; ``afresh`` what is stored too, where the store may remember otherwise."""
        store, model = self.harness.store, self.model
        rows = await store.outbox.deliveries(ALL_STATES, 10_000)
        seen = [(words([row])[0], row.state, row.attempts, row.message_id, row.told, row.out.delivery) for row in rows]
        mine = list(model.rows.values())
        assert seen == [(row.words, row.state, row.attempts, row.message_id, row.told, row.delivery) for row in mine]
        for row, expected in zip(rows, mine, strict=True):
            expected.id, expected.key = expected.id or row.id, row.key
            assert row.id == expected.id
        for entry in model.entries.values():
            if entry.id:
                replies = await store.inbox.replies(entry.id)
                assert (None if replies is None else words(replies)) == model.replies(entry.name)
        for entry in [each for each in model.entries.values() if each.id][-3:]:
            found = await store.outbox.draft(entry.id)
            assert (words([found])[0] if found else "") == model.draft(entry.name)
        for reader in (store.conversations, *([self.harness.afresh()] if afresh else [])):
            for name in (*BRANCHES, "one-2", ""):
                branch = await reader.branch("o", "context", name)
                assert branch.name == (name or model.current)
                assert tuple(node.body for node in branch.nodes) == model.branches.get(branch.name, ())
        assert await store.timers.next_due() == min((due for due, _, _ in model.timers.values()), default=None)


async def _awaited(call: Awaitable[T]) -> T:
    return await call
