"""Pause and resume dispatching, and let a quarantined worker claim jobs again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path
from pydantic import Field, model_validator
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import ActionRequest, Reason, Requested
from pokervod_pipelines.api.context import Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.api.visibility import WITHHELD, VisibilityOf
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render import pauses
from pokervod_pipelines.render.pauses import Pause, count_running, list_pauses, name_scope
from pokervod_pipelines.render.templates import load_configured_templates
from pokervod_pipelines.render.workers import reinstate
from pokervod_pipelines.suggestions import suggest_name

router = APIRouter(prefix="/api", tags=["dispatching"], route_class=ReadRoute)

EXAMPLES = read_examples("pauses")


class PauseScope(Reason):
    """Choose what is paused or resumed: a renderer, a template, or without either all dispatching."""

    renderer: Literal["local", "nexrender"] | None = None
    template: str | None = Field(default=None, min_length=1, max_length=100, examples=["payouts"])

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.renderer and self.template:
            raise ValueError("expected a renderer or a template, got both; give one of them, or neither to pause all")
        return self

    def name(self, request: ActionRequest) -> str:
        """Return the scope. Raises ``BadInput`` for an unknown template: that would pause nothing, unnoticed."""
        if self.template and self.template not in (known := load_configured_templates(request.context.settings)):
            raise BadInput(f"unknown template {self.template!r}; {suggest_name(self.template, known)}")
        return name_scope(renderer=self.renderer, template=self.template)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatching:
    """Tell what was paused or resumed, how many of its jobs run still, and everything that is paused now."""

    scope: str
    changed: bool
    running: int
    paused: Sequence[Pause]
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinstatedWorker:
    """Name the worker that claims jobs again."""

    worker: str
    correlation_id: str


DISPATCH: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["dispatching"], action=True)


@router.get("/pauses", **needs(Role.VIEWER, example=[EXAMPLES["pause"]]))
def list_all(connection: Reading, visibility: VisibilityOf) -> list[Pause]:
    """List what is paused, by whom, and until when; null is until a person resumes it."""
    found = list_pauses(connection)
    return [replace(each, reason=WITHHELD) if visibility.hides(each.since) else each for each in found]


@router.post("/queue/pause", **DISPATCH)
def pause(request: Requested, body: PauseScope) -> Dispatching:
    """Pause dispatching until it is resumed; running jobs finish."""
    scope = body.name(request)

    def act(connection: Connection, actor: Actor) -> Dispatching:
        before = list_pauses(connection)
        pauses.pause(connection, scope, actor)
        return _describe(connection, scope, actor, changed=list_pauses(connection) != before)

    return request.run(Dispatching, body.reason, act)


@router.post("/queue/resume", **DISPATCH)
def resume(request: Requested, body: PauseScope) -> Dispatching:
    """Resume dispatching."""
    scope = body.name(request)

    def act(connection: Connection, actor: Actor) -> Dispatching:
        changed = pauses.resume(connection, scope, actor)
        return _describe(connection, scope, actor, changed=changed)

    return request.run(Dispatching, body.reason, act)


def _describe(connection: Connection, scope: str, actor: Actor, *, changed: bool) -> Dispatching:
    return Dispatching(
        scope=scope,
        changed=changed,
        running=count_running(connection, scope),
        paused=list_pauses(connection),
        correlation_id=actor.correlation_id,
    )


@router.post("/workers/{name}/reinstate", **needs(Role.OPERATOR, example=EXAMPLES["reinstated"], action=True))
def reinstate_worker(
    request: Requested,
    name: Annotated[str, Path(max_length=200, description="The worker, as `/api/workers` lists it.")],
    body: Reason,
) -> ReinstatedWorker:
    """Let a quarantined worker claim jobs again."""

    def act(connection: Connection, actor: Actor) -> ReinstatedWorker:
        with find_named():
            reinstate(connection, name, actor)
        return ReinstatedWorker(worker=name, correlation_id=actor.correlation_id)

    return request.run(ReinstatedWorker, body.reason, act)
