"""Fit a stored rollout to its plan as it is now: a week is found by its title, and what was never judged is open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pokervod_pipelines.rollout.plan import PlannedWeek
from pokervod_pipelines.rollout.record import (
    OverrideRecord,
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekRecord,
    WeekState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedRollout:
    """Hold a stored rollout by the weeks of its plan as it is now, and how these differ from the stored ones."""

    record: RolloutRecord
    """Without the weeks that the plan does not have any more."""

    numbers: Mapping[int, int]
    """The new number of each stored week; those that the plan does not have count down from 0."""

    reopened: Sequence[WeekRecord]
    """The weeks that had passed and are pending again."""

    changes: Sequence[str]
    undone: Sequence[str]
    """What has changed, by the plan and by overrides that were undone."""


def align_record(stored: RolloutRecord, weeks: Sequence[PlannedWeek]) -> AlignedRollout:
    """Return the record by the present numbers of its weeks.

    A passed week with a criterion that never passed, as it is now, is pending again, and its rollout is not completed.
    """
    numbers = _number_weeks(stored.weeks, weeks)
    moved = _move_record(stored, numbers, weeks)
    changes, undone, reopened = [*_list_changes(stored, numbers, weeks)], [], []
    for week in weeks:
        unjudged, taken_back = _find_unjudged(moved, week)
        if moved.weeks[week.number - 1].state is WeekState.PASSED and (unjudged or taken_back):
            reopened.append(replace(moved.weeks[week.number - 1], state=WeekState.PENDING, finished_at=None))
            anew = f"week {week.number} {week.title!r} is judged anew, because"
            changes += [f"{anew} these never passed: {', '.join(unjudged)}"] if unjudged else []
            undone += [f"{anew} the override was undone of {', '.join(taken_back)}"] if taken_back else []
    opened = {each.number: each for each in reopened}
    record = replace(moved, weeks=tuple(opened.get(each.number, each) for each in moved.weeks))
    if record.state is RolloutState.COMPLETED and record.current_week is not None:
        reason = "not every criterion has passed as it is now; continue with `pokervod rollout run`"
        record = replace(record, state=RolloutState.WAITING, reason=reason, finished_at=None)
    return AlignedRollout(record=record, numbers=numbers, reopened=reopened, changes=changes, undone=undone)


def is_of_week(judged: ResultRecord | OverrideRecord, week: PlannedWeek) -> bool:
    """Return whether the week has the criterion as it was judged; without a digest, which is older, by its name."""
    criterion = week.find_criterion(judged.criterion)
    return criterion is not None and judged.digest in {None, criterion.digest}


def _number_weeks(stored: Sequence[WeekRecord], weeks: Sequence[PlannedWeek]) -> dict[int, int]:
    """Return the new number of each stored week; a title that both lack is a renamed week."""
    by_title = {week.title: week.number for week in weeks}
    numbers = {each.number: by_title[each.title] for each in stored if each.title in by_title}
    free = {*by_title.values()} - {*numbers.values()}
    numbers = {each.number: each.number for each in stored if each.number in free} | numbers
    last = min([0, *(each.number for each in stored)])
    removed = [each.number for each in stored if each.number > 0 and each.number not in numbers]
    return numbers | {number: last - at for at, number in enumerate(removed, 1)}


def _move_record(stored: RolloutRecord, numbers: Mapping[int, int], weeks: Sequence[PlannedWeek]) -> RolloutRecord:
    kept = {old: new for old, new in numbers.items() if new > 0}
    before = {kept[each.number]: each for each in stored.weeks if each.number in kept}
    placed = ((week, before.get(week.number, WeekRecord(number=0))) for week in weeks)
    attempts = (each for each in stored.attempts if each.week in kept)
    escalations = (each for each in stored.escalations if each.week in kept)
    overrides = ((each, _find_week(each, kept, weeks)) for each in stored.overrides)
    return replace(
        stored,
        weeks=tuple(replace(each, number=week.number, title=week.title) for week, each in placed),
        attempts=tuple(replace(each, week=kept[each.week]) for each in attempts),
        escalations=tuple(replace(each, week=kept[each.week]) for each in escalations),
        interventions=tuple(replace(each, week=kept.get(each.week or 0)) for each in stored.interventions),
        overrides=tuple(replace(each, week=number) for each, number in overrides if number),
    )


def _find_week(override: OverrideRecord, kept: Mapping[int, int], weeks: Sequence[PlannedWeek]) -> int | None:
    """Return the number of the week that an override is of, if the plan still has it with the same criterion."""
    number = None if override.title else kept.get(override.week)  # without a title it is older
    found = (week for week in weeks if override.title == week.title or number == week.number)
    return next((week.number for week in found if is_of_week(override, week)), None)


def _list_changes(stored: RolloutRecord, numbers: Mapping[int, int], weeks: Sequence[PlannedWeek]) -> Iterator[str]:
    """Yield which weeks were removed, added, moved and renamed."""
    before = {numbers[each.number]: each for each in stored.weeks if each.number in numbers}
    yield from (f"week {each.number} {each.title!r} was removed" for new, each in before.items() if new <= 0)
    for week in weeks if stored.weeks else ():
        each = before.get(week.number)
        if each is None:
            yield f"week {week.number} {week.title!r} is new"
        elif each.number != week.number:
            yield f"week {week.number} {week.title!r} was week {each.number}"
        elif each.title not in {None, week.title}:
            yield f"week {week.number} {week.title!r} was {each.title!r}"


def _find_unjudged(record: RolloutRecord, week: PlannedWeek) -> tuple[list[str], list[str]]:
    """Return the criteria that never passed as they are now, and those that passed only by an override since undone."""
    passed = next((each for each in reversed(record.attempts_of(week.number)) if each.passed), None)
    judged = {each.criterion: each.passed for each in (passed.results if passed else ()) if is_of_week(each, week)}
    overridden = {each.criterion for each in record.overrides if each.week == week.number}
    never = [each.name for each in week.criteria if each.name not in judged]
    return never, [name for name, has_passed in judged.items() if not has_passed and name not in overridden]
