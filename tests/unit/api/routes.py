"""Requests to every route that an OpenAPI document describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemathesis.core.result import Ok
from schemathesis.pytest.lazy import get_all_tests

if TYPE_CHECKING:
    from collections.abc import Callable

    import hypothesis
    import pytest
    import schemathesis


def each_route(
    schema: schemathesis.BaseSchema,
    ask: Callable[[schemathesis.Case[Any]], None],
    settings: hypothesis.settings,
    subtests: pytest.Subtests,
) -> None:
    """Put what is derived for each route.

    The library's own way derives the first requests when tests are collected, seconds that everybody would wait for.
    """
    for found in get_all_tests(schema=schema, test_func=ask, settings=settings, given_kwargs=None):
        assert isinstance(found, Ok), found.err()
        route, asked = found.ok()
        with subtests.test(route.label):
            asked()
