"""Hold things and release them, and plan windows of work whose incidents alarm nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import Reason, Requested
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, ReadRoute, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.holds import windows
from pokervod_pipelines.holds.listing import Hold, find_hold, list_holds
from pokervod_pipelines.holds.placing import name_holdable, place_hold, release_holds
from pokervod_pipelines.holds.windows import Coverage, MaintenanceWindow, name_state
from pokervod_pipelines.periods import COMING, read_coming
from pokervod_pipelines.subjects import MAX_SUBJECT, Subject, SubjectKind
from pokervod_pipelines.workflows.held import require_holdable

router = APIRouter(prefix="/api", tags=["holds and maintenance"], route_class=ReadRoute)

EXAMPLES = read_examples("holds")

UNTIL_RELEASED = "released"
NOW = "now"

Time = Annotated[str, Field(min_length=1, max_length=40)]


class HoldSubject(Reason):
    """Name what is held: an instruction, sheet, library, worker or workflow."""

    kind: str = Field(max_length=50, examples=["sheet"])
    name: str = Field(min_length=1, max_length=MAX_SUBJECT, description="Of an instruction its number.")


class NewHold(HoldSubject):
    """Say what is held, and until when."""

    until: Time = Field(description=f"{COMING}; `{UNTIL_RELEASED}`: without an end.", examples=["18:00"])


class HoldRelease(HoldSubject):
    """Say what is released; with ``everyone`` also what others hold."""

    everyone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedHold:
    """Tell the hold that was placed."""

    hold: Hold
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedHolds:
    """List the holds that ended; ``held`` is that of another person which is left, null where it is free."""

    released: Sequence[Hold]
    held: Hold | None
    correlation_id: str


@router.get("/holds", **needs(Role.VIEWER, example=[EXAMPLES["hold"]]))
def list_all(
    connection: Reading,
    visibility: VisibilityOf,
    *,
    past: Annotated[bool, Query(description="Also those that have ended, the newest first.")] = False,
    limit: Annotated[int, Query(ge=1, le=1_000, description="So many at most.")] = 500,
) -> list[Hold]:
    """List what is held, by whom, until when and why: the hold that ends first is the first."""
    return [_show_hold(each, visibility) for each in list_holds(connection, with_past=past, limit=limit)]


def _show_hold(found: Hold, visibility: Visibility) -> Hold:
    """Return the hold without what people wrote inside the delay."""
    return replace(
        found,
        reason=WITHHELD if visibility.hides(found.placed_at) else found.reason,
        end_reason=WITHHELD if found.ended_at and visibility.hides(found.ended_at) else found.end_reason,
    )


@router.post("/holds", **needs(Role.OPERATOR, example=EXAMPLES["placed"], action=True))
def hold(request: Requested, body: NewHold) -> PlacedHold:
    """Keep a thing from being worked on, until a time or until released; what is worked on now may finish."""
    settings = request.context.settings
    subject = name_holdable(body.kind, body.name)
    require_holdable(subject, settings)
    until = None if body.until == UNTIL_RELEASED else read_coming("until", body.until, settings.zone)

    def act(connection: Connection, actor: Actor) -> PlacedHold:
        placed = place_hold(connection, subject, until, actor)
        return PlacedHold(hold=placed, correlation_id=actor.correlation_id)

    return request.run(PlacedHold, body.reason, act)


@router.post("/holds/release", **needs(Role.OPERATOR, example=EXAMPLES["released"], action=True))
def release(request: Requested, body: HoldRelease) -> ReleasedHolds:
    """Release what you hold, with `everyone` what anybody holds; the system works on it again at once."""
    subject = name_holdable(body.kind, body.name)

    def act(connection: Connection, actor: Actor) -> ReleasedHolds:
        ended = release_holds(connection, subject, actor, everyone=body.everyone)
        left = find_hold(connection, subject.kind, subject.name)
        if left is not None and not ended:
            zone = request.context.settings.zone
            raise Conflict(f"{subject} is {left.describe(zone)}; `everyone` releases that too")
        return ReleasedHolds(released=ended, held=left, correlation_id=actor.correlation_id)

    return request.run(ReleasedHolds, body.reason, act)


class Covered(BaseModel, extra="forbid"):
    """Name a thing that is worked on; without a name all of the kind."""

    kind: SubjectKind
    name: str | None = Field(default=None, min_length=1, max_length=MAX_SUBJECT, pattern=r"\S")


class NewWindow(Reason):
    """Plan work on these things, without any on everything."""

    starts: Time = Field(default=NOW, description="As `until`; default: now.")
    until: Time = Field(description=f"{COMING}.", examples=["04:00"])
    coverage: list[Covered] = Field(default_factory=list, max_length=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedWindow:
    """Hold a window, and how it is: planned, in force, over or cancelled."""

    window: MaintenanceWindow
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedWindow(ListedWindow):
    """Tell the window that was planned or cancelled."""

    correlation_id: str


WINDOW: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["changed_window"], action=True)


@router.get("/maintenance", **needs(Role.VIEWER, example=[EXAMPLES["window"]]))
def list_windows(
    connection: Reading,
    visibility: VisibilityOf,
    *,
    past: Annotated[bool, Query(description="Also those that are over or cancelled.")] = False,
) -> list[ListedWindow]:
    """List the windows that have begun or are planned, the next first."""
    now = datetime.now(UTC)
    found = windows.list_windows(connection, with_past=past)
    return [ListedWindow(window=_show_window(each, visibility), state=name_state(each, now)) for each in found]


def _show_window(found: MaintenanceWindow, visibility: Visibility) -> MaintenanceWindow:
    is_hidden = found.cancelled_at is not None and visibility.hides(found.cancelled_at)
    return replace(
        found,
        reason=WITHHELD if visibility.hides(found.planned_at) else found.reason,
        cancel_reason=WITHHELD if is_hidden else found.cancel_reason,
    )


@router.post("/maintenance", **WINDOW)
def plan(request: Requested, context: ContextOf, body: NewWindow) -> ChangedWindow:
    """Plan work: incidents of these things are muted from then to then. Nothing stops running for it."""
    zone = context.settings.zone
    starts_at = datetime.now(UTC) if body.starts == NOW else read_coming("starts", body.starts, zone)
    ends_at = read_coming("until", body.until, zone)
    coverage = [Coverage(kind=each.kind, name=each.name and each.name.strip()) for each in body.coverage]
    for each in coverage:
        if each.name is not None:
            require_holdable(Subject(kind=each.kind, name=each.name), context.settings)

    def act(connection: Connection, actor: Actor) -> ChangedWindow:
        return _describe(windows.plan_window(connection, starts_at, ends_at, coverage, actor), actor)

    return request.run(ChangedWindow, body.reason, act)


@router.post("/maintenance/{window_id}/cancel", **WINDOW)
def cancel(
    request: Requested,
    window_id: Annotated[int, Path(ge=1, le=LARGEST, description="The number of the window.")],
    body: Reason,
) -> ChangedWindow:
    """Cancel a window that is planned, or end one that has begun; what it muted alarms again at once."""

    def act(connection: Connection, actor: Actor) -> ChangedWindow:
        with find_named():
            return _describe(windows.cancel_window(connection, window_id, actor), actor)

    return request.run(ChangedWindow, body.reason, act)


def _describe(window: MaintenanceWindow, actor: Actor) -> ChangedWindow:
    state = name_state(window, datetime.now(UTC))
    return ChangedWindow(window=window, state=state, correlation_id=actor.correlation_id)
