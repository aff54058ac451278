"""Fit a stored rollout to its plan as it is now: a week is found by its title, and what was never judged is open."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pokervod_pipelines.rollout.plan import PlannedWeek
from pokervod_pipelines.rollout.record import (
    OverrideRecord,
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekRecord,
    WeekState,
)


def find_numbers(stored: Sequence[WeekRecord], weeks: Sequence[PlannedWeek]) -> dict[int, int]:
    """Return the present number of each stored week that the plan has; a title that both lack is a renamed week."""
    by_title = {week.title: week.number for week in weeks}
    numbers = {each.number: by_title[each.title] for each in stored if each.title in by_title}
    free = {*by_title.values()} - {*numbers.values()}
    return {each.number: each.number for each in stored if each.number in free} | numbers


def align_record(record: RolloutRecord, weeks: Sequence[PlannedWeek]) -> RolloutRecord:
    """Return the record by the present numbers of its weeks, without those that the plan no longer has.

    A passed week with a criterion that never passed, as it is now, is pending again, and its rollout is not completed.
    """
    numbers = find_numbers(record.weeks, weeks)
    stored = {numbers[each.number]: each for each in record.weeks if each.number in numbers}
    overrides = ((each, _find_week(each, numbers, weeks)) for each in record.overrides)
    attempts = (each for each in record.attempts if each.week in numbers)
    escalations = (each for each in record.escalations if each.week in numbers)
    moved = replace(
        record,
        attempts=tuple(replace(each, week=numbers[each.week]) for each in attempts),
        escalations=tuple(replace(each, week=numbers[each.week]) for each in escalations),
        interventions=tuple(replace(each, week=numbers.get(each.week or 0)) for each in record.interventions),
        overrides=tuple(replace(each, week=week.number) for each, week in overrides if week),
    )
    aligned = replace(moved, weeks=tuple(_align_week(stored.get(week.number), moved, week) for week in weeks))
    if record.state is RolloutState.COMPLETED and aligned.current_week is not None:
        reason = "not every criterion has passed as it is now; continue with `pokervod rollout run`"
        return replace(aligned, state=RolloutState.WAITING, reason=reason, finished_at=None)
    return aligned


def is_of_week(judged: ResultRecord | OverrideRecord, week: PlannedWeek) -> bool:
    """Return whether the week has the criterion as it was judged; without a digest, which is older, by its name."""
    criterion = week.find_criterion(judged.criterion)
    return criterion is not None and judged.digest in {None, criterion.digest}


def find_reopened(record: RolloutRecord, weeks: Sequence[PlannedWeek]) -> list[PlannedWeek]:
    """Return the weeks that had passed in the stored record, and are pending again."""
    numbers, aligned = find_numbers(record.weeks, weeks), align_record(record, weeks)
    passed = {numbers.get(each.number) for each in record.weeks if each.state is WeekState.PASSED}
    states = zip(weeks, aligned.weeks, strict=True)
    return [week for week, now in states if week.number in passed and now.state is WeekState.PENDING]


def list_changes(record: RolloutRecord, weeks: Sequence[PlannedWeek]) -> list[str]:
    """Return how the plan differs from the stored weeks, and which passed weeks are judged anew because of it."""
    numbers = find_numbers(record.weeks, weeks)
    stored = {numbers[each.number]: each for each in record.weeks if each.number in numbers}
    removed = [each for each in record.weeks if each.number not in numbers and each.number > 0]  # others were before
    differences = [(week, _compare_week(stored.get(week.number), week)) for week in weeks if record.weeks]
    return [
        *(f"week {each.number} {each.title!r} was removed" for each in removed),
        *(f"week {week.number} {week.title!r} {difference}" for week, difference in differences if difference),
        *list_reopened(record, weeks, undone=False),
    ]


def list_reopened(record: RolloutRecord, weeks: Sequence[PlannedWeek], *, undone: bool) -> list[str]:
    """Return which passed weeks are judged anew for criteria whose override was ``undone``, or that never passed."""
    aligned, reopened = align_record(record, weeks), []
    for week in find_reopened(record, weeks):
        judged = {each.criterion for each in _list_judged(aligned, week)}
        if names := [each for each in _find_unjudged(aligned, week) if (each in judged) is undone]:
            why = "the override was undone of" if undone else "these never passed:"
            reopened.append(f"week {week.number} {week.title!r} is judged anew, because {why} {', '.join(names)}")
    return reopened


def _align_week(stored: WeekRecord | None, moved: RolloutRecord, week: PlannedWeek) -> WeekRecord:
    """Return the progress of a week under its present number; of a new one if none is stored."""
    found = replace(stored or WeekRecord(number=0), number=week.number, title=week.title)
    if found.state is WeekState.PASSED and _find_unjudged(moved, week):
        return replace(found, state=WeekState.PENDING, finished_at=None)
    return found


def _compare_week(stored: WeekRecord | None, week: PlannedWeek) -> str | None:
    if stored is None:
        return "is new"
    if stored.number != week.number:
        return f"was week {stored.number}"
    return None if stored.title in {None, week.title} else f"was {stored.title!r}"


def _find_unjudged(record: RolloutRecord, week: PlannedWeek) -> list[str]:
    """Return the criteria that neither passed nor are overridden, as they are now, when the week last passed."""
    overridden = {each.criterion for each in record.overrides if each.week == week.number}
    judged = {each.criterion for each in _list_judged(record, week) if each.passed or each.criterion in overridden}
    return [each.name for each in week.criteria if each.name not in judged]


def _list_judged(record: RolloutRecord, week: PlannedWeek) -> list[ResultRecord]:
    """Return the results, with which the week last passed, of criteria that are still the same."""
    passed = next((each for each in reversed(record.attempts_of(week.number)) if each.passed), None)
    return [each for each in (passed.results if passed else ()) if is_of_week(each, week)]


def _find_week(
    override: OverrideRecord, numbers: Mapping[int, int], weeks: Sequence[PlannedWeek]
) -> PlannedWeek | None:
    """Return the week that an override is of, or None if the plan does not have it with the same criterion."""
    number = None if override.title else numbers.get(override.week)  # without a title it is older
    found = (week for week in weeks if override.title == week.title or number == week.number)
    return next((week for week in found if is_of_week(override, week)), None)
