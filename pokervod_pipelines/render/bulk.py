"""Retry, cancel or prioritise all instructions that fit a filter, for a person who has seen the preview.

What others hold is left out, and so is what changed between the preview and the action: each is reported with its
reason. Done again, an action finds nothing more to do. With ``only``, the ids of a preview, an action leaves out what
that did not have, and reports what it had and does not fit any more.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.holds.listing import find_holds
from pokervod_pipelines.paging import EVERYTHING
from pokervod_pipelines.render import actions
from pokervod_pipelines.render.actions import RETRYABLE, ActionReport
from pokervod_pipelines.render.listing import InstructionFilter, ListedInstruction, list_instructions
from pokervod_pipelines.render.states import State
from pokervod_pipelines.subjects import SubjectKind

CANCELLABLE = (State.PENDING, State.PROCESSING, State.FAILED, State.TIMED_OUT)
PRIORITIZABLE = (State.PENDING, State.PROCESSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkReport:
    """Tell what an action changed, or would change as a preview: the instructions as they were before.

    ``refused`` are those that fit and were not changed, each with its reason.
    """

    is_preview: bool
    instructions: tuple[ListedInstruction, ...]
    refused: tuple[tuple[int, str], ...]

    @property
    def ids(self) -> list[int]:
        """Return the ids of what it changed, or would change."""
        return [each.id for each in self.instructions]

    @property
    def states(self) -> dict[str, int]:
        """Return how many were in each state."""
        return _count(each.state for each in self.instructions)

    @property
    def failure_kinds(self) -> dict[str, int]:
        """Return how many had each kind of failure: after a ``bad_input`` the same instruction fails again."""
        return _count(each.failure_kind for each in self.instructions if each.failure_kind)


def bulk_retry(
    connection: Connection,
    filters: InstructionFilter,
    actor: Actor | None,
    *,
    dry_run: bool = False,
    only: Collection[int] | None = None,
) -> BulkReport:
    """Requeue what failed or timed out, or is in the states of the filter, with all its retries.

    Raises ``BadInput`` for states that cannot be retried. Those failed for good are among them: only a person retries
    them.
    """
    states = _choose_states(filters, (State.FAILED, State.TIMED_OUT), RETRYABLE, "retried")
    return _act(connection, filters.narrow(states=states), actor, actions.retry, dry_run=dry_run, only=only)


def bulk_cancel(
    connection: Connection,
    filters: InstructionFilter,
    actor: Actor | None,
    *,
    dry_run: bool = False,
    only: Collection[int] | None = None,
) -> BulkReport:
    """Cancel what is pending, or in the states of the filter; what is rendered stops within seconds.

    Raises ``BadInput`` for states that cannot be cancelled, and without any filter: that would be the whole queue.
    """
    _require_filter(filters)
    states = _choose_states(filters, (State.PENDING,), CANCELLABLE, "cancelled")
    return _act(connection, filters.narrow(states=states), actor, actions.cancel, dry_run=dry_run, only=only)


def bulk_prioritize(
    connection: Connection,
    filters: InstructionFilter,
    priority: int,
    actor: Actor | None,
    *,
    dry_run: bool = False,
    only: Collection[int] | None = None,
) -> BulkReport:
    """Set the priority of what is pending, or in the states of the filter.

    Raises ``BadInput`` outside 1 to 10, for other states, and without any filter: all would be equal again.
    """
    _require_filter(filters)
    actions.require_priority(priority)
    states = _choose_states(filters, (State.PENDING,), PRIORITIZABLE, "given another priority")

    def prioritize(connection: Connection, ids: Collection[int], actor: Actor) -> ActionReport:
        return actions.prioritize(connection, ids, priority, actor)

    return _act(
        connection,
        filters.narrow(states=states),
        actor,
        prioritize,
        dry_run=dry_run,
        only=only,
        is_done=lambda each: each.priority == priority,
    )


def _choose_states(
    filters: InstructionFilter, default: tuple[str, ...], possible: Collection[str], done: str
) -> tuple[str, ...]:
    states = filters.states or default
    if wrong := [state for state in states if state not in possible]:
        raise BadInput(f"{wrong[0]} instructions cannot be {done}; expected {', '.join(possible)}")
    return tuple(states)


def _require_filter(filters: InstructionFilter) -> None:
    if filters.narrow(states=()) == InstructionFilter():
        raise BadInput("that would be all instructions; give a template, day, time, priority or error to choose some")


def _act(
    connection: Connection,
    filters: InstructionFilter,
    actor: Actor | None,
    action: Callable[[Connection, Collection[int], Actor], ActionReport],
    *,
    dry_run: bool,
    only: Collection[int] | None,
    is_done: Callable[[ListedInstruction], bool] = lambda _: False,
) -> BulkReport:
    """Find what fits, leave out what is held, and act on the rest unless it is a preview."""
    found = [each for each in _find(connection, filters, is_done) if only is None or each.id in only]
    holds = find_holds(connection, SubjectKind.INSTRUCTION)
    held = {each.id: hold for each in found if (hold := holds.get(str(each.id)))}
    refused = [(number, f"instruction {number} is held by {hold.by}: {hold.reason}") for number, hold in held.items()]
    gone = set(only or ()) - {each.id for each in found}
    refused += [
        (number, f"instruction {number} has changed since the preview and does not fit any more") for number in gone
    ]
    chosen = {each.id: each for each in found if each.id not in held}
    if not dry_run:
        if actor is None:
            raise BadInput("--reason is required for the audit log")
        report = action(connection, chosen, actor)
        refused += report.refused
        done = {*report.done}
        chosen = {number: each for number, each in chosen.items() if number in done}
    return BulkReport(is_preview=dry_run, instructions=tuple(chosen.values()), refused=tuple(sorted(refused)))


def _find(
    connection: Connection, filters: InstructionFilter, is_done: Callable[[ListedInstruction], bool]
) -> list[ListedInstruction]:
    found = list_instructions(connection, filters.narrow(is_in_force=True), page=EVERYTHING)
    return [each for each in found if each.withdrawn_at is None and not is_done(each)]


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
