"""Which of a plan's fixers are for what failed: by the class of the error, by week and by criterion."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, TypeVar

from pokervod_pipelines.rollout.criteria.evidence import ErrorClass
from pokervod_pipelines.rollout.fixers.base import FailedCriterion


class Entry(Protocol):
    """What is asked of a plan's entry; None means any week, any criterion."""

    @property
    def on(self) -> Collection[ErrorClass]:
        """The classes of errors that the fixer is for."""

    @property
    def weeks(self) -> Collection[int] | None:
        """The weeks in which it may act."""

    @property
    def criteria(self) -> Collection[str] | None:
        """The names of the criteria that it is for."""


E = TypeVar("E", bound=Entry)


def choose_fixers(
    entries: Iterable[E], week: int, failed: Sequence[FailedCriterion]
) -> list[tuple[E, tuple[FailedCriterion, ...]]]:
    """Return the entries that are for something that failed in the week, once each and in order, with what it is."""
    chosen = []
    for entry in entries:
        meant = tuple(each for each in failed if each.week == week and _is_for(entry, each))
        if meant:
            chosen.append((entry, meant))
    return chosen


def _is_for(entry: Entry, failed: FailedCriterion) -> bool:
    return (
        failed.error_class in entry.on
        and (entry.weeks is None or failed.week in entry.weeks)
        and (entry.criteria is None or failed.name in entry.criteria)
    )
