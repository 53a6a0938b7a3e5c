"""What every test has: one profile of property tests for each occasion, and a measurement that outlives a slow end."""

import sys

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
