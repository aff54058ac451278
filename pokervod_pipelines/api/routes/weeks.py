"""Show what of each week is complete, stage by stage, and close a week that is over."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import Reason, Requested
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.api.visibility import Visibility, VisibilityOf
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.monitoring.weeks.shape import ClosedStage, StageState, Week, WeekStage, WeekValidation
from pokervod_pipelines.monitoring.weeks.validation import (
    find_current_week,
    find_days,
    validate_week,
    validate_weeks,
)

router = APIRouter(prefix="/api/weeks", tags=["weeks"], route_class=ReadRoute)

EXAMPLES = read_examples("weeks")

MOST_WEEKS = 106


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """Tell how a stage of a week is; `cases` are the first ones against it, `closed` what was frozen."""

    stage: str
    title: str
    state: StageState
    looked_at: int
    good: int
    sentence: str
    case_count: int
    cases: tuple[str, ...]
    next_step: str
    change: str
    closed: ClosedStage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekReport:
    """Tell how the stages of a week of broadcast days are."""

    week: str
    monday: date
    starts_at: datetime
    ends_at: datetime
    is_over: bool
    is_complete: bool
    closed_at: datetime | None
    summary: str
    stages: list[StageReport]


def describe_week(found: WeekValidation, days: BroadcastDays, visibility: Visibility) -> WeekReport:
    """Return the week with all that is derived of it; cases may quote a graphic, so viewers see them after it."""
    starts_at, ends_at = found.week.find_bounds(days)
    is_covered = visibility.hides(ends_at)
    return WeekReport(
        week=found.week.name,
        monday=found.week.monday,
        starts_at=starts_at,
        ends_at=ends_at,
        is_over=found.is_over,
        is_complete=found.is_complete,
        closed_at=found.closed_at,
        summary=found.summary,
        stages=[_describe_stage(each, is_covered=is_covered) for each in found.stages],
    )


def _describe_stage(stage: WeekStage, *, is_covered: bool) -> StageReport:
    return StageReport(
        stage=stage.stage,
        title=stage.title,
        state=stage.state,
        looked_at=stage.looked_at,
        good=stage.good,
        sentence=stage.sentence,
        case_count=stage.case_count,
        cases=() if is_covered else stage.cases,
        next_step=stage.next_step if stage.state is StageState.INCOMPLETE else "",
        change=stage.change,
        closed=stage.closed,
    )


@router.get("", **needs(Role.VIEWER, example=[EXAMPLES["week"]]))
def list_all(
    connection: Reading,
    context: ContextOf,
    visibility: VisibilityOf,
    last: Annotated[int, Query(ge=1, le=MOST_WEEKS, description="So many weeks.")] = 6,
    until: Annotated[str, Query(description="The newest: 2026-W48, or a day of it.", max_length=10)] = "",
) -> list[WeekReport]:
    """List weeks with their stages, the newest first; each is looked at now."""
    newest = Week.parse(until) if until else find_current_week(context.settings)
    found = validate_weeks(connection, context.settings, newest.shift(1 - last), newest)
    days = find_days(context.settings)
    return [describe_week(each, days, visibility) for each in reversed(found)]


@router.get("/{week}", **needs(Role.VIEWER, example=EXAMPLES["week"]))
def read_one(
    connection: Reading,
    context: ContextOf,
    visibility: VisibilityOf,
    week: Annotated[str, Path(description="2026-W48, or a day of it.", max_length=10)],
) -> WeekReport:
    """Return a week with the cases of each stage."""
    found = validate_week(connection, context.settings, Week.parse(week))
    return describe_week(found, find_days(context.settings), visibility)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedWeek:
    """Tell whether the week was closed now, or had been before, and how it is."""

    changed: bool
    week: WeekReport
    correlation_id: str


@router.post("/{week}/close", **needs(Role.OPERATOR, example=EXAMPLES["closed"], action=True))
def close(
    request: Requested,
    week: Annotated[str, Path(description="2026-W48, or a day of it.", max_length=10)],
    body: Reason,
) -> ClosedWeek:
    """Freeze the figures of a week that is over, and report them to the alert channels, once."""
    from pokervod_pipelines.monitoring.weeks.closures import close_week  # noqa: PLC0415 - reading needs none of it

    settings, chosen = request.context.settings, Week.parse(week)

    def act(connection: Connection, actor: Actor) -> ClosedWeek:
        changed = close_week(connection, settings, chosen, actor=actor)
        found = validate_week(connection, settings, chosen)
        visibility = Visibility.of(request.principal.role, settings)
        report = describe_week(found, find_days(settings), visibility)
        return ClosedWeek(changed=changed, week=report, correlation_id=actor.correlation_id)

    return request.run(ClosedWeek, body.reason, act)
