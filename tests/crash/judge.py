"""Whether a hub kept what it promised, after any number of crashes. Every function gives the faults that it found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from hubbub.core.messages import text_of
from hubbub.core.work import State
from tests.crash.people import Said, Shown, numbers
from tests.crash.stored import DONE, Stored

SETTLED = {
    "blind": {State.SENT, State.UNKNOWN},
    "editable": {State.SENT, State.UNKNOWN},
    "idempotent": {State.SENT},
    "window": {State.KEPT},
}


def bare(text: str) -> str:
    return "".join(text.split())


def handled_once(said: Sequence[Said], stored: Stored) -> Iterator[str]:
    """Every message has one entry, done, with one whole answer: nothing lost, no row twice, its parts in order."""
    entries = {entry.key.rpartition("/")[2]: entry for entry in stored.entries}
    if len(entries) != len(stored.entries):
        yield "an event was accepted twice"
    answers: dict[int, str] = defaultdict(str)
    for row in stored.rows:
        answers[row.out.entry] += bare(text_of(row.out.message))
    for each in said:
        entry = entries.get(each.id)
        if entry is None:
            yield f"{each.id} is lost"
        elif entry.state != DONE:
            yield f"{each.id} was accepted and is not done (state {entry.state})"
        elif answers[entry.id] != each.answer:
            yield f"{each.id}: rows say {answers[entry.id]!r}, not {each.answer!r}"


def accepted_in_order(said: Sequence[Said], stored: Stored) -> Iterator[str]:
    """What one person said was accepted, and answered, in the order in which it was said."""
    places = {each.id: each for each in said}
    newest: dict[str, int] = {}
    for entry in stored.entries:
        each = places.get(entry.key.rpartition("/")[2])
        if each is not None and newest.get(each.who, 0) > each.number:
            yield f"{each.id} was accepted behind {newest[each.who]}"
        if each is not None:
            newest[each.who] = max(newest.get(each.who, 0), each.number)
    entry_of = {each.number: each for each in said}
    answered: dict[str, int] = {}
    for row in stored.rows:
        for number in numbers(text_of(row.out.message)):
            who = entry_of[number].who if number in entry_of else ""
            if who and number < answered.get(who, 0):
                yield f"row {row.id} answers {number} behind {answered[who]}"
            answered[who] = max(number, answered.get(who, 0))


def shown_once(shown: Sequence[Shown], stored: Stored, delivery: str) -> Iterator[str]:
    """Nobody saw a message twice; what counts as sent was seen, what nobody can tell about is unknown."""
    seen = Counter(each.key for each in shown)
    rows = {row.key: row for row in stored.rows if row.out.room.platform == "loopback"}
    for key, times in seen.items():
        if times > 1:
            yield f"{key} was shown {times} times"
        if key not in rows:
            yield f"{key} was shown and is no row"
    for key, row in rows.items():
        if row.state not in SETTLED[delivery]:
            yield f"row {row.id} is {row.state}"
        elif row.state is not State.UNKNOWN and not seen[key]:
            yield f"row {row.id} is {row.state} and nobody saw it"


def shown_in_order(
    shown: Sequence[Shown], said: Sequence[Said], stored: Stored, delivery: str, *, several: bool = False
) -> Iterator[str]:
    """In a room messages were seen in the order of their rows; what people fetch themselves, in the order of asking.

    ``several``: of several processes one may be taken for dead that is not; what it was sending, and nobody can tell
    about since, may come late.
    """
    rows = {row.key: row.id for row in stored.rows}
    in_doubt = {row.key for row in stored.rows if several and row.state is State.UNKNOWN}
    who_of = {each.number: each.who for each in said}
    who, newest = "", Counter[str]()
    for each in shown:
        found = numbers(each.text)
        who = who_of.get(found[0], "") if found else who  # a later part is the same person's
        lane = who if delivery == "window" else each.room
        place = rows.get(each.key, 0)
        if place < newest[lane] and each.key not in in_doubt:
            yield f"row {place} was shown behind {newest[lane]}"
        newest[lane] = max(place, newest[lane])


def remembered_once(said: Sequence[Said], stored: Stored) -> Iterator[str]:
    """Every question is in its owner's context once, with its answer, in order."""
    asked: dict[str, list[int]] = defaultdict(list)
    for each in said:
        if each.chat:
            asked[each.who].append(each.number)
    kept: dict[str, list[int]] = {}
    for owner, turns in stored.turns.items():
        roles = [role for role, _ in turns]
        if roles != ["user", "assistant"] * (len(turns) // 2):
            yield f"the context of {owner} has turns of {roles}"
        found = [number for _, content in turns for number in numbers(content)]
        if found[::2] != found[1::2]:
            yield f"an answer in the context of {owner} is to another question"
        kept[owner.rpartition(":")[2]] = found[::2]
    for who, expected in asked.items():
        if kept.get(who, []) != expected:
            yield f"the context of {who} has {kept.get(who, [])}, not {expected}"


def in_doubt_only(sending: set[int], stored: Stored, delivery: str) -> Iterator[str]:
    """What was being sent when a life ended is unknown, nothing else is; where that is harmless, it was sent again."""
    unknown = {row.id for row in stored.rows if row.state is State.UNKNOWN}
    expected = sending if delivery in ("blind", "editable") else set[int]()
    if unknown != expected:
        yield f"unknown are {sorted(unknown)}, in doubt were {sorted(expected)}"
