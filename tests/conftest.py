"""What every test has: one profile of property tests for each occasion, a measurement that outlives a slow end, and
memory as it was before."""

import gc
import sys

import pytest
from hypothesis import HealthCheck, settings

# Two cores shared with other tests make a deadline on one example a coin toss; pytest's own timeout bounds the test.
settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", settings.get_profile("default"), max_examples=10_000)
settings.load_profile("default")


def pytest_sessionfinish() -> None:
    """A process of `pytest -n` that takes long to end is killed: what was measured in it is saved before."""
    coverage = sys.modules.get("coverage")
    measured = coverage.Coverage.current() if coverage is not None else None
    if measured is not None:
        measured.save()


def pytest_collection_finish() -> None:
    """What was collected stays; looking through it for what can be freed takes longer than many a test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """FastAPI keeps the functions behind the last thousands of routes, and with them the hubs that these spoke for."""
    kept = sys.modules.get("fastapi.dependencies.models")
    for cached in vars(kept).values() if kept is not None else ():
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()
