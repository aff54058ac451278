"""Act on a rollout: pause, resume, acknowledge, override a criterion, abandon, reset.

A rollout that is resumed is continued by the sensor rollout_clock, or by `pokervod rollout run`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import ActionRequest, Reason, Requested
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routes.rollout import PlanName, WeekNumber
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.plans import find_plan
from pokervod_pipelines.rollout.record import RolloutState

if TYPE_CHECKING:
    from pokervod_pipelines.rollout.rollout import Rollout

router = APIRouter(prefix="/api/rollout", tags=["rollout"], route_class=ReadRoute)

EXAMPLES = read_examples("rollout_actions")

Act = Callable[["Rollout", Actor], int | None]

CriterionName = Annotated[
    str, Path(max_length=100, pattern=r"^[^\x00]*$", description="The name of the criterion in the week.")
]


class ResumeRequest(Reason):
    """Say from which week on; null is the current one, an earlier one repeats all later weeks."""

    week: int | None = Field(default=None, ge=1, le=1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRollout:
    """Tell how the rollout is now; ``week`` is the one that the decision was about.

    ``correlation_id`` is that of the rollout: its events are in the log under it, this decision too.
    """

    plan: str
    state: RolloutState
    reason: str
    week: int | None
    correlation_id: str


DECISION = needs(Role.OPERATOR, example=EXAMPLES["decided"], action=True)


@router.post("/{plan}/pause", **DECISION)
def pause(request: Requested, plan: PlanName, body: Reason) -> DecidedRollout:
    """Start no further attempt until it is resumed; a running attempt finishes."""
    from pokervod_pipelines.rollout.interventions import pause_rollout  # noqa: PLC0415 - loads criteria and fixers

    return _decide(request, plan, body.reason, pause_rollout)


@router.post("/{plan}/resume", **DECISION)
def resume(request: Requested, plan: PlanName, body: ResumeRequest) -> DecidedRollout:
    """Let it continue after an escalation or a pause, with all attempts; the sensor rollout_clock runs it."""
    from pokervod_pipelines.rollout.interventions import resume_rollout  # noqa: PLC0415 - loads criteria and fixers

    return _decide(request, plan, body.reason, lambda each, actor: resume_rollout(each, actor, week=body.week))


@router.post("/{plan}/acknowledge", **DECISION)
def acknowledge(request: Requested, plan: PlanName, body: Reason) -> DecidedRollout:
    """Say that you work on the escalation; the rollout stays blocked."""
    from pokervod_pipelines.rollout.interventions import (  # noqa: PLC0415 - loads criteria and fixers
        acknowledge_escalation,
    )

    return _decide(request, plan, body.reason, acknowledge_escalation)


@router.post("/{plan}/abandon", **DECISION)
def abandon(request: Requested, plan: PlanName, body: Reason) -> DecidedRollout:
    """Give the rollout up: nothing continues it, and only a reset begins it anew."""
    from pokervod_pipelines.rollout.interventions import abandon_rollout  # noqa: PLC0415 - loads criteria and fixers

    return _decide(request, plan, body.reason, abandon_rollout)


@router.post("/{plan}/reset", **DECISION)
def reset(request: Requested, plan: PlanName, body: Reason) -> DecidedRollout:
    """Let the next run begin with the first week, without overrides; the history stays."""
    from pokervod_pipelines.rollout.interventions import reset_rollout  # noqa: PLC0415 - loads criteria and fixers

    return _decide(request, plan, body.reason, reset_rollout)


@router.post("/{plan}/weeks/{week}/criteria/{criterion}/override", **DECISION)
def override(
    request: Requested, plan: PlanName, week: WeekNumber, criterion: CriterionName, body: Reason
) -> DecidedRollout:
    """Count a failing criterion as passed; every report shows it as overridden, with name and reason."""
    from pokervod_pipelines.rollout.interventions import override_criterion  # noqa: PLC0415 - loads criteria and fixers

    return _decide_about(request, plan, week, criterion, body.reason, override_criterion)


@router.post("/{plan}/weeks/{week}/criteria/{criterion}/undo-override", **DECISION)
def undo_override(
    request: Requested, plan: PlanName, week: WeekNumber, criterion: CriterionName, body: Reason
) -> DecidedRollout:
    """Take an override back: a week that passed only by it is judged anew by the next run."""
    from pokervod_pipelines.rollout import interventions  # noqa: PLC0415 - loads criteria and fixers

    return _decide_about(request, plan, week, criterion, body.reason, interventions.undo_override)


def _decide_about(
    request: ActionRequest,
    plan: str,
    week: int,
    criterion: str,
    reason: str,
    decide: Callable[["Rollout", int, str, Actor], None],
) -> DecidedRollout:
    with find_named():
        planned = find_plan(request.context.settings, plan).week(week)
        if planned.find_criterion(criterion) is None:
            known = ", ".join(sorted(each.name for each in planned.criteria))
            raise BadInput(f"unknown criterion {criterion!r}; week {week} has {known}")

    def act(rollout: "Rollout", actor: Actor) -> int:
        decide(rollout, week, criterion, actor)
        return week

    return _decide(request, plan, reason, act)


def _decide(request: ActionRequest, plan: str, reason: str, decide: Act) -> DecidedRollout:
    settings = request.context.settings
    with find_named():
        known = find_plan(settings, plan)

    def act(engine: Engine, actor: Actor) -> DecidedRollout:
        from pokervod_pipelines.rollout.rollout import Rollout  # noqa: PLC0415 - loads criteria and fixers

        rollout = Rollout(engine=engine, settings=settings, plan=known)
        week = decide(rollout, actor)
        record = rollout.read()
        return DecidedRollout(
            plan=plan,
            state=record.state,
            reason=record.reason,
            week=week or record.current_week,
            correlation_id=rollout.find_correlation_id(),
        )

    return request.run_apart(DecidedRollout, reason, act, look_at=f"/api/rollout/{plan}")
