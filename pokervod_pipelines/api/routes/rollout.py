"""Show the rollouts: how far each plan is, its weeks with their criteria, and the report as a page or Markdown."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import NotFound, find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.pages import answer_page
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf
from pokervod_pipelines.rollout.plan import PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.plans import find_plan, load_plans
from pokervod_pipelines.rollout.record import AttemptRecord, OverrideRecord, ResultRecord, RolloutRecord, RolloutState
from pokervod_pipelines.rollout.report.as_json import make_report_json
from pokervod_pipelines.rollout.report.figures import make_report
from pokervod_pipelines.rollout.store import RolloutStore
from pokervod_pipelines.settings import Settings

router = APIRouter(prefix="/api/rollout", tags=["rollout"], route_class=ReadRoute)

EXAMPLES = read_examples("rollout")

PlanName = Annotated[str, Path(max_length=100, description="The name of the plan.")]
WeekNumber = Annotated[int, Path(ge=1, le=1_000, description="The number of the week.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPlan:
    """Tell how far a plan is: `state` is null before its start, `problem` says why it cannot be used."""

    plan: str
    title: str
    weeks: int
    state: RolloutState | None
    reason: str
    percent: int
    current_week: int | None
    changed_at: datetime | None
    problem: str


class RolloutFigures(BaseModel):
    """Hold the report of a rollout: its weeks, attempts and decisions, with every figure of the report."""

    model_config = ConfigDict(extra="allow")

    plan: str
    title: str
    state: RolloutState
    reason: str
    started_at: datetime
    changed_at: datetime
    finished_at: datetime | None
    measured_at: datetime
    percent: int = Field(description="Weeks that have passed, rounded down.")
    done: list[int]
    current: int | None = Field(description="The first week that has not passed.")
    next: int | None
    until: int | None = Field(description="The last week that was asked for; null: all of them.")
    totals: dict[str, int]
    criteria: dict[str, int]
    recoveries: dict[str, int] = Field(description="Failed attempts by what the rollout recovered by.")
    automation_rate: float | None
    forecast: dict[str, Any]
    milestones: list[dict[str, Any]]
    weeks: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    overrides: list[dict[str, Any]]
    interventions: list[dict[str, Any]]
    escalations: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekCriterion:
    """Hold a criterion of a week, its last result, and who overrode it; null where there is none."""

    name: str
    kind: str
    result: ResultRecord | None
    override: OverrideRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutWeek:
    """Hold a week of a plan: what it asks for, and each attempt, the oldest first."""

    plan: str
    number: int
    title: str
    summary: str
    milestone: str | None
    planned_start: date
    planned_end: date
    state: str
    next_try_at: datetime | None
    criteria: list[WeekCriterion]
    attempts: list[AttemptRecord]


@router.get("", **needs(Role.VIEWER, example=[EXAMPLES["plan"]]))
def list_plans(connection: Reading, context: ContextOf, visibility: VisibilityOf) -> list[ListedPlan]:
    """List the plans with how far each is, the first of the settings first."""
    found = load_plans(context.settings)
    plans = [_list_plan(each, _read(connection, each, visibility)) for each in found.valid.values()]
    broken = [_list_broken(each.name or "", str(each)) for each in found.broken]
    return [*plans, *broken]


def _list_plan(plan: RolloutPlan, record: RolloutRecord | None) -> ListedPlan:
    report = record and make_report(plan, record, datetime.now(UTC))
    return ListedPlan(
        plan=plan.name,
        title=plan.title,
        weeks=len(plan.weeks),
        state=record.state if record else None,
        reason=record.reason if record else "",
        percent=report.percent if report else 0,
        current_week=record.current_week if record else plan.weeks[0].number,
        changed_at=record.changed_at if record else None,
        problem="",
    )


def _list_broken(name: str, problem: str) -> ListedPlan:
    return ListedPlan(
        plan=name,
        title=name,
        weeks=0,
        state=None,
        reason="",
        percent=0,
        current_week=None,
        changed_at=None,
        problem=problem,
    )


@router.get("/{plan}", **needs(Role.VIEWER, example=EXAMPLES["report"]))
def read_one(connection: Reading, context: ContextOf, visibility: VisibilityOf, plan: PlanName) -> RolloutFigures:
    """Return the report of a rollout that has started: weeks, attempts, overrides, escalations, forecast."""
    known, record = _read_started(connection, context.settings, visibility, plan)
    return RolloutFigures.model_validate(make_report_json(make_report(known, record, datetime.now(UTC))))


@router.get(
    "/{plan}/report", response_class=Response, **needs(Role.VIEWER, example=None, texts=["text/html", "text/markdown"])
)
def read_report(
    connection: Reading,
    context: ContextOf,
    visibility: VisibilityOf,
    plan: PlanName,
    form: Annotated[Literal["html", "markdown"], Query(description="A page, or Markdown.")] = "html",
) -> Response:
    """Return the report as one page without anything from elsewhere, or as Markdown."""
    from pokervod_pipelines.rollout.report.text import write_page, write_text  # noqa: PLC0415 - loads templates

    known, record = _read_started(connection, context.settings, visibility, plan)
    now, link = datetime.now(UTC), context.settings.rollout.link
    if form == "html":
        return answer_page(write_page(known, record, now, link))
    return Response(write_text("report", known, record, now, link), media_type="text/markdown")


@router.get("/{plan}/weeks/{week}", **needs(Role.VIEWER, example=EXAMPLES["week"]))
def read_week(
    connection: Reading, context: ContextOf, visibility: VisibilityOf, plan: PlanName, week: WeekNumber
) -> RolloutWeek:
    """Return a week of a plan with the last result of each criterion, what was overridden, and every attempt."""
    with find_named():
        known = find_plan(context.settings, plan)
        planned = known.week(week)
    return _describe_week(known, planned, _read(connection, known, visibility))


def _describe_week(plan: RolloutPlan, week: PlannedWeek, record: RolloutRecord | None) -> RolloutWeek:
    stored = next((each for each in record.weeks if each.number == week.number), None) if record else None
    attempts = record.attempts_of(week.number) if record else ()
    results = {each.criterion: each for attempt in attempts for each in attempt.results}
    overrides = {each.criterion: each for each in record.overrides if each.week == week.number} if record else {}
    return RolloutWeek(
        plan=plan.name,
        number=week.number,
        title=week.title,
        summary=week.summary,
        milestone=week.milestone,
        planned_start=week.starts,
        planned_end=week.ends,
        state=stored.state if stored else "pending",
        next_try_at=stored.next_try_at if stored else None,
        criteria=[
            WeekCriterion(
                name=each.name, kind=each.kind, result=results.get(each.name), override=overrides.get(each.name)
            )
            for each in week.criteria
        ],
        attempts=[*attempts],
    )


def _read_started(
    connection: Connection, settings: Settings, visibility: Visibility, name: str
) -> tuple[RolloutPlan, RolloutRecord]:
    with find_named():
        plan = find_plan(settings, name)
    record = _read(connection, plan, visibility)
    if record is None:
        raise NotFound(f"the rollout {name} has not started; its weeks are at /api/rollout/{name}/weeks/1")
    return plan, record


def _read(connection: Connection, plan: RolloutPlan, visibility: Visibility) -> RolloutRecord | None:
    record = RolloutStore(connection=connection, plan=plan, now=datetime.now(UTC)).find()
    return record and show_record(record, visibility)


def show_record(record: RolloutRecord, visibility: Visibility) -> RolloutRecord:
    """Return the rollout without what was said inside the delay: evidence may quote a graphic."""
    if visibility.since is None:
        return record
    escalations = [
        replace(each, summary=WITHHELD) if visibility.hides(each.at) else each for each in record.escalations
    ]
    return replace(
        record,
        reason=WITHHELD if record.reason and visibility.hides(record.changed_at) else record.reason,
        attempts=tuple(_show_attempt(each, visibility) for each in record.attempts),
        escalations=tuple(escalations),
    )


def _show_attempt(attempt: AttemptRecord, visibility: Visibility) -> AttemptRecord:
    if not visibility.hides(attempt.ended_at or attempt.started_at):
        return attempt
    results = tuple(replace(each, summary=WITHHELD, details=(), figures={}) for each in attempt.results)
    return replace(attempt, results=results, fixes=tuple(replace(each, reported=WITHHELD) for each in attempt.fixes))
