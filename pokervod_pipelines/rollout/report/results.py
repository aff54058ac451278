"""What is known of each criterion by now: its latest result, and whether a person let it pass."""

from collections.abc import Mapping

from pokervod_pipelines.rollout.record import OverrideRecord, ProgrammeRecord, ResultRecord, WeekState
from pokervod_pipelines.rollout.report.planned import PlannedWeek


def find_latest_results(record: ProgrammeRecord, week: int) -> Mapping[str, ResultRecord]:
    """Return the newest result of each criterion of the week, also of an attempt that still goes on."""
    return {each.criterion: each for attempt in record.attempts_of(week) for each in attempt.results}


def find_overrides(record: ProgrammeRecord, week: int) -> Mapping[str, OverrideRecord]:
    """Return the newest override of each criterion of the week that has one."""
    return {each.criterion: each for each in record.overrides if each.week == week}


def count_held(plan: PlannedWeek, state: WeekState, record: ProgrammeRecord) -> int:
    """Return how many criteria of the week hold: all of a passed week, else those passed or overridden last."""
    if state is WeekState.PASSED:
        return len(plan.criteria)
    latest, overridden = find_latest_results(record, plan.number), find_overrides(record, plan.number)
    return sum(_holds(latest.get(each.name)) or each.name in overridden for each in plan.criteria)


def _holds(result: ResultRecord | None) -> bool:
    return result is not None and (result.passed or result.is_overridden)
