"""Retry, remake, cancel and prioritise graphics: some by number, or all that fit a filter after a preview."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import MAX_REASON, ActionRequest, Reason, Requested
from pokervod_pipelines.api.errors import NotFound
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, needs
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.periods import FORMS, read_period
from pokervod_pipelines.render import actions, bulk
from pokervod_pipelines.render.actions import ActionReport
from pokervod_pipelines.render.bulk import BulkReport
from pokervod_pipelines.render.listing import InstructionFilter
from pokervod_pipelines.render.states import State
from pokervod_pipelines.render.templates import load_configured_templates
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.suggestions import suggest_name

router = APIRouter(prefix="/api/actions", tags=["actions on graphics"])

EXAMPLES = read_examples("instruction_actions")

MOST_CHOSEN = 1_000
"""Instructions that one request names; more are for a filter."""

MOST_PREVIEWED = 50_000

Number = Annotated[int, Field(ge=1, le=LARGEST)]
Priority = Annotated[int, Field(ge=1, le=10, description="1 (the highest) to 10.", examples=[1])]


class InstructionChoice(Reason):
    """Name one instruction, or several; several are changed as far as each can be."""

    instruction_id: Number | None = Field(default=None, description="One; or give `instruction_ids`.", examples=[17])
    instruction_ids: list[Number] = Field(default_factory=list, max_length=MOST_CHOSEN, examples=[[17, 18]])

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if (self.instruction_id is None) == (not self.instruction_ids):
            raise ValueError("expected either instruction_id or instruction_ids")
        return self

    @property
    def ids(self) -> list[int]:
        """Return the instructions, each once."""
        return [*dict.fromkeys(self.instruction_ids)] if self.instruction_id is None else [self.instruction_id]


class PriorityChange(InstructionChoice):
    """Give instructions another priority."""

    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedInstruction:
    """Say why an instruction was not changed."""

    instruction_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionsChanged:
    """List the instructions that were changed, and why the others were not."""

    done: Sequence[int]
    refused: Sequence[RefusedInstruction]
    correlation_id: str


ACTION: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["changed"], action=True)
BULK: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["bulk"], action=True)


@router.post("/retry", **ACTION)
def retry(request: Requested, body: InstructionChoice) -> InstructionsChanged:
    """Retry graphics that failed, timed out or were cancelled."""
    return _change(request, body, actions.retry)


@router.post("/remake", **ACTION)
def remake(request: Requested, body: InstructionChoice) -> InstructionsChanged:
    """Render completed graphics again, each as a next version: for a file that was lost or spoiled."""
    return _change(request, body, actions.remake)


@router.post("/cancel", **ACTION)
def cancel(request: Requested, body: InstructionChoice) -> InstructionsChanged:
    """Cancel graphics; a running one stops within seconds."""
    return _change(request, body, actions.cancel)


@router.post("/change-priority", **ACTION)
def change_priority(request: Requested, body: PriorityChange) -> InstructionsChanged:
    """Set the priority of waiting or running graphics; half an hour of waiting outweighs a step."""

    def prioritize(connection: Connection, ids: Collection[int], actor: Actor) -> ActionReport:
        return actions.prioritize(connection, ids, body.priority, actor)

    return _change(request, body, prioritize)


def _change(
    request: ActionRequest,
    body: InstructionChoice,
    change: Callable[[Connection, Collection[int], Actor], ActionReport],
) -> InstructionsChanged:
    def act(connection: Connection, actor: Actor) -> InstructionsChanged:
        report = change(connection, body.ids, actor)
        if body.instruction_id is not None and report.refused:
            _refuse(report.refused[0][1])
        return InstructionsChanged(
            done=report.done, refused=_list_refused(report.refused), correlation_id=actor.correlation_id
        )

    return request.run(InstructionsChanged, body.reason, act)


def _refuse(why: str) -> None:
    if why.endswith("is unknown"):
        raise NotFound(f"{why}; GET /api/instructions lists them")
    raise Conflict(why)


def _list_refused(refused: Sequence[tuple[int, str]]) -> list[RefusedInstruction]:
    return [RefusedInstruction(instruction_id=number, reason=why) for number, why in refused]


class BulkFilter(BaseModel, extra="forbid"):
    """Choose instructions by the fields that are set. Times are as of the commands, or ISO 8601."""

    status: list[State] | State = Field(default_factory=list, description="In one state, or in several.")
    template: str | None = Field(default=None, min_length=1, max_length=100, examples=["elimination"])
    changed_after: str = Field(default="", max_length=40, description=f"Changed from then on: {FORMS}.")
    changed_before: str = Field(default="", max_length=40, description="Changed until then.")
    created_after: str = Field(default="", max_length=40, description="Requested from then on.", examples=["today"])
    created_before: str = Field(default="", max_length=40, description="Requested until then.")
    error: str | None = Field(default=None, min_length=1, max_length=200, description="Text in the reason of a state.")
    priority: int | None = Field(default=None, ge=1, le=10, description="Of this priority.")

    def read(self, settings: Settings) -> InstructionFilter:
        """Return the filter of the room. Raises ``BadInput`` for an unknown template or a wrong time."""
        if self.template is not None and self.template not in (known := load_configured_templates(settings)):
            raise BadInput(f"unknown template {self.template!r}; {suggest_name(self.template, known)}")
        return InstructionFilter(
            states=(self.status,) if isinstance(self.status, State) else tuple(self.status),
            template=self.template,
            period=read_period(
                self.changed_after, self.changed_before, settings.zone, names=("changed_after", "changed_before")
            ),
            created=read_period(
                self.created_after, self.created_before, settings.zone, names=("created_after", "created_before")
            ),
            error=self.error,
            priority=self.priority,
        )


class BulkRequest(BaseModel, extra="forbid"):
    """Choose instructions by a filter; with ``dry_run`` only tell which these are."""

    filter: BulkFilter = Field(default_factory=BulkFilter)
    reason: str = Field(default="", max_length=MAX_REASON, description="For the audit log; not of a `dry_run`.")
    dry_run: bool = Field(default=False, description="Change nothing; answer with what would be changed.")
    only: list[Number] | None = Field(
        default=None, max_length=MOST_PREVIEWED, description="`ids` of a preview; what fits since then is left out."
    )

    @model_validator(mode="after")
    def _has_a_reason(self) -> Self:
        if not self.dry_run and not self.reason.strip():
            raise ValueError("a reason is required for the audit log")
        return self


class BulkPriority(BulkRequest):
    """Choose instructions, and the priority that they get."""

    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAnswer:
    """Tell what was changed, or with ``dry_run`` would be: how many, which, and in which states they were before.

    ``refused`` are those that fit and were not changed: the same filter finds them again.
    """

    dry_run: bool
    count: int
    refused_count: int
    ids: Sequence[int]
    refused: Sequence[RefusedInstruction]
    states: dict[str, int]
    failure_kinds: dict[str, int]
    correlation_id: str


Act = Callable[..., BulkReport]


@router.post("/bulk-retry", **BULK)
def bulk_retry(request: Requested, body: BulkRequest) -> BulkAnswer:
    """Retry all graphics that failed or timed out, or that fit; ask with `dry_run` first. What is held is left out."""
    return _act(request, body, bulk.bulk_retry)


@router.post("/bulk-cancel", **BULK)
def bulk_cancel(request: Requested, body: BulkRequest) -> BulkAnswer:
    """Cancel all pending graphics that fit; ask with `dry_run` first. What is held is left out."""
    return _act(request, body, bulk.bulk_cancel)


@router.post("/bulk-prioritize", **BULK)
def bulk_prioritize(request: Requested, body: BulkPriority) -> BulkAnswer:
    """Set the priority of all pending graphics that fit; ask with `dry_run` first."""
    return _act(request, body, partial(bulk.bulk_prioritize, priority=body.priority))


def _act(request: ActionRequest, body: BulkRequest, act: Act) -> BulkAnswer:
    filters = body.filter.read(request.context.settings)
    only = None if body.only is None else frozenset(body.only)
    if body.dry_run:
        with request.context.database.begin() as connection:
            shown = act(connection=connection, filters=filters, actor=None, dry_run=True, only=only)
        return _make_answer(shown, request.correlation_id)

    def change(connection: Connection, actor: Actor) -> BulkAnswer:
        report = act(connection=connection, filters=filters, actor=actor, only=only)
        return _make_answer(report, actor.correlation_id)

    return request.run(BulkAnswer, body.reason, change)


def _make_answer(report: BulkReport, correlation_id: str) -> BulkAnswer:
    return BulkAnswer(
        dry_run=report.is_preview,
        count=len(report.instructions),
        refused_count=len(report.refused),
        ids=report.ids,
        refused=_list_refused(report.refused),
        states=report.states,
        failure_kinds=report.failure_kinds,
        correlation_id=correlation_id,
    )
