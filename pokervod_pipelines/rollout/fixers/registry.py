"""List the kinds of fixers, and choose those of a plan that are for what failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.fixers.apply_migrations import ApplyMigrations
from pokervod_pipelines.rollout.fixers.base import Fixer
from pokervod_pipelines.rollout.fixers.command_fixers import (
    RebuildMocks,
    RegenerateDocument,
    RerunTests,
    RestartService,
)
from pokervod_pipelines.rollout.plan import FixerEntry, RolloutPlan
from pokervod_pipelines.rollout.record import ResultRecord

FIXERS: Mapping[str, type[Fixer]] = MappingProxyType(
    {kind.kind: kind for kind in (ApplyMigrations, RestartService, RerunTests, RegenerateDocument, RebuildMocks)}
)


def choose_fixers(
    plan: RolloutPlan, week: int, failed: Sequence[ResultRecord]
) -> Mapping[str, tuple[FixerEntry, ErrorClass]]:
    """Return by name, in the plan's order, each entry that is for a failure of the week, and the class of the first.

    The second entry of a kind is named with its number.
    """
    services = {each.name: getattr(each, "service", None) for each in plan.week(week).criteria}
    seen: Counter[str] = Counter()
    chosen = {}
    for entry in plan.fixers:
        own = [each for each in failed if _is_for(entry, week, each, services.get(each.criterion))]
        if own:
            seen[entry.kind] += 1
            name = entry.kind if seen[entry.kind] == 1 else f"{entry.kind} {seen[entry.kind]}"
            chosen[name] = entry, _read_class(own[0])
    return chosen


def _is_for(entry: FixerEntry, week: int, failed: ResultRecord, service: str | None) -> bool:
    return (
        _read_class(failed) in entry.on
        and entry.parameters.get("service") in {None, service}
        and (entry.weeks is None or week in entry.weeks)
        and (entry.criteria is None or failed.criterion in entry.criteria)
    )


def _read_class(failed: ResultRecord) -> ErrorClass:
    return ErrorClass(failed.error_class or ErrorClass.UNKNOWN)
