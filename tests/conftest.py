"""What every test has: one profile of property tests for each occasion."""

from hypothesis import HealthCheck, settings

# Two cores shared with other tests make a deadline on one example a coin toss; pytest's own timeout bounds the test.
settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", settings.get_profile("default"), max_examples=10_000)
settings.load_profile("default")
