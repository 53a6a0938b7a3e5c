"""The machine finds out whoever breaks a rule of the PostgreSQL engine; else it would show nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.postgres_mutants import MUTANTS, RARE
from tests.contract.store_postgres import PostgresMachine

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same steps in every run: a mutant that is found once is found always.
STEADY = settings(
    max_examples=300,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    deadline=None,
)


# It takes the machine half a minute and more to come upon them; it looks for them in `make soak`.
LATE = {
    "a_failure_overrides_what_was_decided",
    "a_row_that_is_not_queued_begins",
    "attempts_are_not_counted",
    "memory_is_believed",
    "recovery_sends_blindly_again",
    "settled_without_the_platforms_id",
    "the_old_head_counts_within_a_unit",
    "told_before_it_is_committed",
}
SOAKED = LATE | set(RARE)


@pytest.fixture
def machine(shared: str) -> Iterator[type[PostgresMachine]]:
    with asyncio.Runner() as runner:
        yield type("Machine", (PostgresMachine,), {"dsn": shared, "runner": runner})


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow if n in SOAKED else ()) for n in MUTANTS])
def test_a_broken_rule_is_found_out(name: str, machine: type[PostgresMachine], monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    found = None
    try:
        run_state_machine_as_test(machine, settings=STEADY)
    except Exception as error:  # noqa: BLE001 - however it shows
        found = error
    assert found is not None


def test_what_is_soaked_is_there() -> None:
    assert set(MUTANTS) > SOAKED
    assert len(MUTANTS) - len(SOAKED) >= 8
