"""List the kinds of fixers, and choose those of a plan that are for what failed."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from pokervod_pipelines.rollout.fixers.apply_migrations import ApplyMigrations
from pokervod_pipelines.rollout.fixers.base import FailedCriterion, Fixer
from pokervod_pipelines.rollout.fixers.command_fixers import RegenerateDocument, RerunTests
from pokervod_pipelines.rollout.fixers.restart_service import RebuildMocks, RestartService
from pokervod_pipelines.rollout.plan import FixerEntry

FIXERS: Mapping[str, type[Fixer]] = MappingProxyType(
    {kind.kind: kind for kind in (ApplyMigrations, RestartService, RerunTests, RegenerateDocument, RebuildMocks)}
)


def choose_fixers(
    entries: Iterable[FixerEntry], week: int, failed: Sequence[FailedCriterion]
) -> list[tuple[FixerEntry, tuple[FailedCriterion, ...]]]:
    """Return the entries for the failed criteria of the week, once each and in order, with those criteria."""
    chosen = []
    for entry in entries:
        criteria = tuple(each for each in failed if each.week == week and _is_for(entry, each))
        if criteria:
            chosen.append((entry, criteria))
    return chosen


def _is_for(entry: FixerEntry, failed: FailedCriterion) -> bool:
    service = entry.parameters.get("service")
    return (
        failed.error_class in entry.on
        and service in {None, failed.service}
        and (entry.weeks is None or failed.week in entry.weeks)
        and (entry.criteria is None or failed.name in entry.criteria)
    )
