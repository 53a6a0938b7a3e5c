"""One keeper for all crash tests: it takes a second to load everything."""

from collections.abc import Iterator

import pytest

from tests.crash.lives import Keeper
from tests.crash.lives import keeper as started


@pytest.fixture(scope="session")
def keeper() -> Iterator[Keeper]:
    with started() as found:
        yield found
