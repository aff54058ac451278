"""Show how good detectors and remedies are, the promised figures, what needs a person, and the page of a shift."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.pages import answer_page
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf, show_payload
from pokervod_pipelines.defs.run_measures import DagsterRunMeasures
from pokervod_pipelines.monitoring.handover.figures import ShiftHandover, make_handover
from pokervod_pipelines.monitoring.incidents.scoreboard import DetectorScore, score_detectors
from pokervod_pipelines.monitoring.kpis.measure import measure_kpis
from pokervod_pipelines.monitoring.kpis.shape import Kpi
from pokervod_pipelines.monitoring.measures.shape import make_window
from pokervod_pipelines.monitoring.needs.find import find_needs
from pokervod_pipelines.monitoring.needs.shape import Needs
from pokervod_pipelines.monitoring.remediation.listing import ActionFilter, count_kinds, list_actions
from pokervod_pipelines.monitoring.remediation.shape import KindFigures, RemedyAction, RemedyKind
from pokervod_pipelines.periods import FORMS, LENGTHS, read_length, read_moment

router = APIRouter(prefix="/api", tags=["figures"], route_class=ReadRoute)

EXAMPLES = read_examples("figures")

Length = Annotated[str, Query(max_length=10, description=f"The last {LENGTHS}.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredDetector:
    """Hold what people said of a detector's alarms; a rate of nothing is null."""

    score: DetectorScore
    unjudged: int
    precision: float | None
    recall: float | None
    false_alarms_a_day: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedKind:
    """Hold how often a kind of remedy helped and harmed; a rate of nothing is null."""

    figures: KindFigures
    success_rate: float | None
    harm_rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedKpi:
    """Hold a promised figure, and whether it is as promised; null where it was not measured."""

    kpi: Kpi
    is_met: bool | None


@router.get("/detectors", **needs(Role.VIEWER, example=[EXAMPLES["detector"]]))
def list_detectors(connection: Reading, window: Length = "30d") -> list[ScoredDetector]:
    """Score each detector: its alarms, what people said of them, what it missed, and how soon it told."""
    found = score_detectors(connection, make_window(read_length("window", window), datetime.now(UTC)))
    return [
        ScoredDetector(
            score=each,
            unjudged=each.unjudged,
            precision=each.precision,
            recall=each.recall,
            false_alarms_a_day=each.false_alarms_a_day,
        )
        for each in found
    ]


@router.get("/remediations", **needs(Role.VIEWER, example={"items": [EXAMPLES["remediation"]], "next": None}))
def list_remediations(
    connection: Reading,
    page: PageOf,
    visibility: VisibilityOf,
    kind: Annotated[list[RemedyKind] | None, Query(description="Of these kinds.")] = None,
    incident_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="Only for this incident.")] = None,
) -> Items[RemedyAction]:
    """List what was put right without a person, and what was refused, the newest first."""
    found = list_actions(connection, ActionFilter(kinds=kind or (), incident_id=incident_id), page=page)
    return make_items([_show_action(each, visibility) for each in found], page, lambda each: each.id)


def _show_action(found: RemedyAction, visibility: Visibility) -> RemedyAction:
    if not visibility.hides(found.done_at):
        return found
    return replace(
        found,
        reason=WITHHELD,
        before=show_payload(found.before),
        after=show_payload(found.after),
        outcome_reason=found.outcome_reason and WITHHELD,
    )


@router.get("/remediations/kinds", **needs(Role.VIEWER, example=[EXAMPLES["kind"]]))
def rate_remediations(connection: Reading, context: ContextOf, window: Length = "7d") -> list[RatedKind]:
    """Count by kind how often a remedy helped, was in vain, harmed, or was left to a person."""
    now = datetime.now(UTC)
    found = count_kinds(connection, context.settings, now - read_length("window", window), now)
    return [RatedKind(figures=each, success_rate=each.success_rate, harm_rate=each.harm_rate) for each in found]


@router.get("/kpis", **needs(Role.VIEWER, example=[EXAMPLES["kpi"]]))
def list_kpis(context: ContextOf, window: Length = "24h") -> list[JudgedKpi]:
    """List the promised figures with their targets: reached, missed, or not measured and why."""
    opened = context.database.require()
    span = make_window(read_length("window", window), datetime.now(UTC))
    found = measure_kpis(opened.engine, DagsterRunMeasures(opened.dagster), span)
    return [JudgedKpi(kpi=each, is_met=each.is_met) for each in found]


@router.get("/needs-me", **needs(Role.OPERATOR, example=EXAMPLES["needs"]))
def list_needs(context: ContextOf) -> Needs:
    """List what needs a person now, the oldest first, each with the command that helps: for those who can act."""
    return find_needs(context.database.require().engine)


_HANDOVER = TypeAdapter(ShiftHandover)


@router.get(
    "/handover",
    response_model=ShiftHandover,
    **needs(Role.OPERATOR, example=None, texts=["text/html", "text/markdown"]),
)
def read_handover(
    context: ContextOf,
    since: Annotated[str, Query(max_length=40, description=f"The shift began then: {FORMS}.")] = "",
    shift: Annotated[str, Query(max_length=10, description=f"So long until now, without since: {LENGTHS}.")] = "8h",
    form: Annotated[Literal["json", "html", "markdown"], Query(description="Values, a page, or Markdown.")] = "json",
) -> Response:
    """Write what one shift hands over to the next: what is open, held, decided, and what happened since it began."""
    from pokervod_pipelines.monitoring.handover.text import write_markdown, write_page  # noqa: PLC0415 - templates

    settings, now = context.settings, datetime.now(UTC)
    began = read_moment("since", since, settings.zone) if since else now - read_length("shift", shift)
    found = make_handover(context.database.require().engine, settings, began, now=now)
    if form == "html":
        return answer_page(write_page(found, settings.zone))
    if form == "markdown":
        return Response(write_markdown(found, settings.zone), media_type="text/markdown")
    return Response(_HANDOVER.dump_json(found), media_type="application/json")
