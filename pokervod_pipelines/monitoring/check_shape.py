"""Declare the shape of a data check: the query for the cases against it, and what to do next."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.settings import Settings

Refresh = Callable[[Engine, Settings], object]
"""Store what the database cannot know by itself, such as the state of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCheck:
    """Declare a check of an asset by two queries: ``cases`` (one text column) and ``population`` (what follows FROM).

    ``:sheets`` in a query are the sheets of the settings, ``:libraries``, ``:roots`` and ``:folders`` their libraries.

    ``passes`` is the sentence when there are no cases, ``fails`` follows the number of cases (of one, of several).
    ``refresh`` has to run before the query can tell.
    """

    name: str
    asset: str
    passes: str
    fails: tuple[str, str]
    cases: str
    population: str
    next_step: str
    severity: Severity = Severity.WARNING
    refresh: Refresh | None = None
