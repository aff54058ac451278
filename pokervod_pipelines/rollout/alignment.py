"""Fit a stored rollout to its plan as it is now: a week is found by its title, and what was never judged is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pokervod_pipelines.rollout.record import OverrideRecord, RolloutRecord, RolloutState, WeekRecord, WeekState


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekShape:
    """Describe a week of the plan as far as progress depends on it: its title, and criteria by name with digest."""

    title: str
    digests: Mapping[str, str]


def find_places(weeks: Sequence[WeekRecord], shapes: Sequence[WeekShape]) -> dict[int, int]:
    """Return the present number of each stored week that the plan has; a title that both lack is a renamed week."""
    numbers = {shape.title: at for at, shape in enumerate(shapes, 1)}
    places = {week.number: numbers[week.title] for week in weeks if week.title in numbers}
    taken = {*places.values()}
    free = {*range(1, len(shapes) + 1)} - taken
    return places | {week.number: week.number for week in weeks if week.number in free and week.number not in places}


def align_record(record: RolloutRecord, shapes: Sequence[WeekShape]) -> RolloutRecord:
    """Return the record by the present numbers of its weeks, without those that the plan no longer has.

    A passed week with a criterion that never passed, as it is now, is pending again, and its rollout is not completed.
    """
    places = find_places(record.weeks, shapes)
    overrides = [(each, _find_override(each, places, shapes)) for each in record.overrides]
    moved = replace(
        record,
        attempts=tuple(replace(each, week=places[each.week]) for each in record.attempts if each.week in places),
        escalations=tuple(replace(each, week=places[each.week]) for each in record.escalations if each.week in places),
        interventions=tuple(replace(each, week=places.get(each.week or 0)) for each in record.interventions),
        overrides=tuple(replace(each, week=place) for each, place in overrides if place),
    )
    weeks = {number: WeekRecord(number=number, title=shape.title) for number, shape in enumerate(shapes, 1)}
    for week in record.weeks:
        if place := places.get(week.number):
            weeks[place] = replace(week, number=place, title=shapes[place - 1].title)
    opened = [
        replace(week, state=WeekState.PENDING, finished_at=None)
        if week.state is WeekState.PASSED and find_unjudged(moved, week.number, shapes[week.number - 1])
        else week
        for week in weeks.values()
    ]
    aligned = replace(moved, weeks=tuple(opened))
    if record.state is RolloutState.COMPLETED and aligned.current_week is not None:
        reason = "not every criterion has passed as it is now; continue with `pokervod rollout run`"
        return replace(aligned, state=RolloutState.WAITING, reason=reason, finished_at=None)
    return aligned


def find_unjudged(record: RolloutRecord, week: int, shape: WeekShape) -> list[str]:
    """Return the criteria that neither passed nor are overridden, as they are now, when the week last passed."""
    passed = next((each for each in reversed(record.attempts_of(week)) if each.passed), None)
    overridden = {each.criterion for each in record.overrides if each.week == week}
    judged = {
        result.criterion
        for result in (passed.results if passed else ())
        if result.is_of(shape.digests.get(result.criterion)) and (result.passed or result.criterion in overridden)
    }
    return [name for name in shape.digests if name not in judged]


def list_changes(record: RolloutRecord, shapes: Sequence[WeekShape]) -> list[str]:
    """Return how the plan differs from the stored weeks, and which passed weeks are judged anew because of it."""
    places, aligned = find_places(record.weeks, shapes), align_record(record, shapes)
    before = {place: week for week in record.weeks if (place := places.get(week.number))}
    removed = [each for each in record.weeks if each.number not in places and each.number > 0]  # others were before
    changes = [f"week {each.number} {each.title!r} was removed" for each in removed]
    for number, shape in enumerate(shapes, 1):
        week = before.get(number)
        if week is None:
            changes += [f"week {number} {shape.title!r} is new"] if record.weeks else []
            continue
        if week.number != number:
            changes.append(f"week {number} {shape.title!r} was week {week.number}")
        elif week.title not in {None, shape.title}:
            changes.append(f"week {number} {shape.title!r} was {week.title!r}")
        if week.state is not aligned.weeks[number - 1].state:
            names = ", ".join(find_unjudged(aligned, number, shape))
            changes.append(f"week {number} {shape.title!r} is judged anew, because these never passed: {names}")
    return changes


def _find_override(each: OverrideRecord, places: Mapping[int, int], shapes: Sequence[WeekShape]) -> int | None:
    """Return the week of an override that the plan still has with the same criterion, or None."""
    numbers = {shape.title: at for at, shape in enumerate(shapes, 1)}
    place = places.get(each.week) if each.title is None else numbers.get(each.title)
    if place is None:
        return None
    digest = shapes[place - 1].digests.get(each.criterion)
    return place if digest is not None and each.digest in {None, digest} else None
