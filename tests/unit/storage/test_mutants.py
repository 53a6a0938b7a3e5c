"""The machine finds out whoever breaks a rule; else it would show nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.store_sqlite import sqlite_machine
from tests.unit.storage.mutants import MUTANTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.store_machine import StoreMachine

# The same steps in every run: a mutant that is found once is found always.
STEADY = settings(
    stateful_step_count=25,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    deadline=None,
)


@pytest.fixture
def machine() -> Iterator[type[StoreMachine]]:
    with sqlite_machine() as made:
        yield made


def found_out(machine: type[StoreMachine], examples: int = 1000) -> str:
    """How the machine shows that something is wrong; empty if it finds nothing."""
    try:
        run_state_machine_as_test(machine, settings=settings(STEADY, max_examples=examples))
    except Exception as error:  # noqa: BLE001 - however it shows
        return repr(error)
    return ""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_rule_is_found_out(name: str, machine: type[StoreMachine], monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    assert found_out(machine)


def test_where_no_rule_is_broken_nothing_is_found(machine: type[StoreMachine]) -> None:
    assert not found_out(machine, examples=100)
