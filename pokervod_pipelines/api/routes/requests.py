"""Request graphics, one by its template and layers or those of a CSV, and list the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import Field
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import MAX_REASON, Reason, Requested
from pokervod_pipelines.api.context import ContextOf
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.enqueue import EnqueueReport, enqueue_csv, enqueue_request
from pokervod_pipelines.render.person_csv import RowProblem
from pokervod_pipelines.render.rules import load_rules
from pokervod_pipelines.render.templates import load_configured_templates

router = APIRouter(prefix="/api", tags=["requests of graphics"], route_class=ReadRoute)

EXAMPLES = read_examples("requests")

CSV = "text/csv"


class GraphicRequest(Reason):
    """Ask for one graphic: its template and the values of its layers, as in a CSV."""

    template: str = Field(min_length=1, max_length=100, examples=["elimination"])
    layers: dict[str, str] = Field(default_factory=dict, max_length=200, examples=[{"player": "Ana Ruiz"}])
    priority: int | None = Field(default=None, ge=1, le=10, description="1 (the highest) to 10; default: 5.")
    format: Literal["png_sequence", "mov_alpha", "mp4"] | None = None
    seconds: float | None = Field(default=None, gt=0, le=600, description="Default: the template's.")
    day: date | None = Field(default=None, description="Its broadcast day; default: today's.")
    id: str = Field(default="", max_length=200, description="Tells two requests of the same graphic apart.")

    def make_cells(self) -> dict[str, str]:
        """Return the request as the cells of a row of a CSV. Raises ``BadInput`` for a layer named like one of them."""
        own = {
            "template": self.template,
            "priority": str(self.priority or ""),
            "format": self.format or "",
            "seconds": "" if self.seconds is None else f"{self.seconds:g}",
            "day": "" if self.day is None else self.day.isoformat(),
            "id": self.id,
        }
        if twice := sorted(own.keys() & self.layers.keys()):
            raise BadInput(f"layers: {twice[0]!r} is no layer but a field of the request; write it beside `layers`")
        return own | self.layers


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedGraphics:
    """Tell how many instructions were created, or would be, which, and why rows were skipped."""

    created_count: int
    created: Sequence[int]
    already_there: Sequence[int]
    problems: Sequence[RowProblem]
    is_preview: bool
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTemplate:
    """Describe a template: its layers, its picture, and the rules that make graphics of it by themselves."""

    name: str
    title: str
    description: str
    renderer: str
    layers: dict[str, "ListedLayer"]
    formats: Sequence[str]
    width: int
    height: int
    fps: int
    seconds: float
    made_by: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLayer:
    """Describe a layer of a template."""

    kind: str
    description: str
    required: bool


REQUEST: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["requested"], action=True)


@router.post("/instructions", **REQUEST)
def enqueue(request: Requested, body: GraphicRequest) -> RequestedGraphics:
    """Request a graphic; one that was requested before in the same words is not made twice."""
    settings, cells = request.context.settings, body.make_cells()

    def act(connection: Connection, actor: Actor) -> RequestedGraphics:
        report = enqueue_request(
            connection, settings, cells, by=actor.who, reason=actor.reason, correlation_id=actor.correlation_id
        )
        return _make_answer(report, actor.correlation_id)

    return request.run(RequestedGraphics, body.reason, act)


@router.post("/instructions/csv", **REQUEST)
def enqueue_rows(
    request: Requested,
    *,
    content: Annotated[bytes, Body(media_type=CSV, description="A graphic a row; the first line names the columns.")],
    reason: Annotated[str, Query(min_length=1, max_length=MAX_REASON, description="Why, for the audit log.")],
    name: Annotated[str, Query(max_length=200, description="How the file is called, for messages.")] = "upload.csv",
    preview: Annotated[bool, Query(description="Only check the rows and count what would be requested.")] = False,
) -> RequestedGraphics:
    """Request the graphics of a CSV, sent as the body; rows with a mistake are skipped, each with its line and why."""
    settings = request.context.settings

    def act(connection: Connection, actor: Actor) -> RequestedGraphics:
        report = enqueue_csv(
            connection,
            settings,
            content,
            name=name,
            by=actor.who,
            reason=actor.reason,
            correlation_id=actor.correlation_id,
            is_preview=preview,
        )
        return _make_answer(report, actor.correlation_id, is_preview=preview)

    return request.run(RequestedGraphics, reason, act)


def _make_answer(report: EnqueueReport, correlation_id: str, *, is_preview: bool = False) -> RequestedGraphics:
    """Return the answer; what a preview would create has no numbers yet."""
    return RequestedGraphics(
        created_count=len(report.created),
        created=() if is_preview else report.created,
        already_there=report.already_there,
        problems=report.problems,
        is_preview=is_preview,
        correlation_id=correlation_id,
    )


@router.get("/templates", **needs(Role.VIEWER, example=[EXAMPLES["template"]]))
def list_templates(context: ContextOf) -> list[ListedTemplate]:
    """List the templates with their layers and formats."""
    known = load_configured_templates(context.settings)
    rules = load_rules(context.settings, known)
    return [
        ListedTemplate(
            layers={
                name: _describe(layer.kind, layer.description, layer.required) for name, layer in each.layers.items()
            },
            made_by=[rule.name for rule in rules if rule.template.name == each.name],
            **{name: getattr(each, name) for name in _FIELDS},
        )
        for each in known.values()
    ]


_FIELDS = ("name", "title", "description", "renderer", "formats", "width", "height", "fps", "seconds")


def _describe(kind: str, description: str, required: bool) -> ListedLayer:  # noqa: FBT001 - a field of the layer
    return ListedLayer(kind=kind, description=description, required=required)
