"""One typesetter for all tests of pictures: its fonts are read once."""

from __future__ import annotations

import pytest

from hubbub.rendering.typesetting import Typesetter


@pytest.fixture(scope="session")
def typesetter() -> Typesetter:
    found = Typesetter()
    found.warm_up()
    return found
