"""Choose how much the tests do: enough to find a fault by default, everything under ``make test-long``."""

import os
from collections.abc import Collection
from itertools import cycle, islice, product
from typing import Any, TypeVar

Size = TypeVar("Size")

IS_LONG = os.environ.get("POKERVOD_TEST_LONG") == "1"


def choose(short: Size, *, long: Size) -> Size:
    """Return the size for this run."""
    return long if IS_LONG else short


def thin(cases: Collection[Any], step: int = 2) -> list[Any]:
    """Return every ``step``-th case; in a long run all."""
    return [*cases] if IS_LONG else [*cases][::step]


def cover(*axes: Collection[Any]) -> list[tuple[Any, ...]]:
    """Return combinations that name every value of every axis once or more; in a long run all combinations."""
    if IS_LONG:
        return list(product(*axes))
    return list(zip(*(islice(cycle(axis), max(map(len, axes))) for axis in axes), strict=True))
