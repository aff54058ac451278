"""Keep from viewers what may show hole cards before they were broadcast: only operators see it at once.

Ids, states, counts and names of templates stay. Texts that were made of a hand, or of what failed in a graphic of it,
may quote a layer; they go until the delay is over. What is younger is judged by our clock: a hand is older than the
instruction made of it, and a table's own clock may be wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf
from pokervod_pipelines.api.errors import Refused
from pokervod_pipelines.api.routing import Asking
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.monitoring.incidents.details import IncidentDetails, IncidentStep
from pokervod_pipelines.monitoring.incidents.shape import Incident
from pokervod_pipelines.render.listing import ListedInstruction
from pokervod_pipelines.render.outputs.store import StoredOutput
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import SubjectKind

WITHHELD = "for operators until the broadcast delay is over"

OF_GRAPHICS = frozenset({
    SubjectKind.INSTRUCTION, SubjectKind.HAND, SubjectKind.TEMPLATE, SubjectKind.QUEUE, SubjectKind.OTHER,
    SubjectKind.FOLDER, SubjectKind.WORKER, SubjectKind.SERVICE,
})  # fmt: skip
"""Incidents about these may quote why a graphic or a hand's file failed."""

TOLD = frozenset({
    "state", "before", "after", "to", "template", "renderer", "worker", "day", "grade", "kind", "trigger_kind",
    "library", "sheet", "root", "job", "workflow", "severity", "detector", "host", "service", "scope", "by", "until",
    "since", "at", "block", "stage", "asset", "verdict", "source", "category", "session",
})  # fmt: skip
"""Fields of events that have words, and never cards."""


FOR_ADMINS = ("api.login",)
"""Families of events that tell who logs in, from where, and who fails to."""


def list_hidden_types(role: Role) -> tuple[str, ...]:
    """Return the families of events that the role does not see.

    >>> list_hidden_types(Role.ADMIN), list_hidden_types(Role.OPERATOR)
    ((), ('api.login',))
    """
    return () if role.includes(Role.ADMIN) else FOR_ADMINS


@dataclass(frozen=True, slots=True)
class Visibility:
    """Decide what whoever asks may see: everything, or what is older than ``since``."""

    since: datetime | None

    @classmethod
    def of(cls, role: Role, settings: Settings, now: datetime | None = None) -> "Visibility":
        """Return what the role sees."""
        delay = timedelta(minutes=settings.api.broadcast_delay_minutes)
        return cls(None if role.includes(Role.OPERATOR) else (now or datetime.now(UTC)) - delay)

    def hides(self, at: datetime) -> bool:
        """Return whether what was made at this time is hidden."""
        return self.since is not None and at >= self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownInstruction(ListedInstruction):
    """Hold an instruction as whoever asks may see it; where ``withheld``, its layers and texts are left out."""

    withheld: bool = False


def show_instruction(found: ListedInstruction, visibility: Visibility) -> ShownInstruction:
    """Return the instruction without what may show cards inside the delay."""
    values = {each.name: getattr(found, each.name) for each in fields(ListedInstruction)}
    if visibility.hides(found.created_at):
        texts = {name: values[name] and WITHHELD for name in ("reason", "flagged", "cancel_requested")}
        values |= {"layers": {}, "output": _show_output(found.output), "trigger_key": _show_key(found), **texts}
    return ShownInstruction(**values, withheld=visibility.hides(found.created_at))


def _show_output(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers and the format, without names of files."""
    return {name: value for name, value in output.items() if not isinstance(value, str) or name == "format"}


def _show_key(found: ListedInstruction) -> str:
    """Return what the instruction was made of, where that is a number and not what a person wrote."""
    return found.trigger_key if found.trigger_key.isdecimal() else WITHHELD


def show_output(found: StoredOutput, visibility: Visibility) -> StoredOutput:
    """Return the output without the name and the problem of its file inside the delay."""
    if not visibility.hides(found.made_at):
        return found
    return replace(found, path=WITHHELD, problem=found.problem and WITHHELD)


def refuse_hidden(at: datetime, what: str, visibility: Visibility) -> None:
    """Refuse to show what may have cards inside the delay."""
    if visibility.hides(at):
        raise Refused(403, f"{what}: {WITHHELD}; ask an operator, or again later")


def show_event(event: LoggedEvent, visibility: Visibility) -> LoggedEvent:
    """Return the event without texts inside the delay."""
    if not visibility.hides(event.at):
        return event
    return replace(event, payload=show_payload(event.payload))


def show_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return numbers, ids and the fields with words of our own."""
    return {name: value for name, value in payload.items() if _is_told(name, value)}


def _is_told(name: str, value: object) -> bool:
    if value is None or isinstance(value, bool | int | float):
        return True
    if isinstance(value, list):
        return all(isinstance(each, bool | int | float) for each in value)
    return isinstance(value, str) and (name in TOLD or name.endswith("_id"))


def show_incident(found: Incident, visibility: Visibility) -> Incident:
    """Return the incident without the sentences that may quote a graphic inside the delay."""
    if not visibility.hides(found.last_seen_at) or found.subject.kind not in OF_GRAPHICS:
        return found
    return replace(
        found,
        summary=f"{found.detector.replace('_', ' ')}: {WITHHELD}",
        figures={},
        acknowledged_reason=found.acknowledged_reason and WITHHELD,
        muted_reason=found.muted_reason and WITHHELD,
        resolved_reason=found.resolved_reason and WITHHELD,
        verdict_reason=found.verdict_reason and WITHHELD,
    )


def show_incidents(found: Sequence[Incident], visibility: Visibility) -> list[Incident]:
    """Return the incidents as whoever asks may see them."""
    return [show_incident(each, visibility) for each in found]


def show_details(found: IncidentDetails, visibility: Visibility) -> IncidentDetails:
    """Return the incident with what belongs to it as whoever asks may see it."""
    incident = show_incident(found.incident, visibility)
    effects = tuple(show_incidents(found.effects, visibility))
    if incident is found.incident:
        return replace(found, effects=effects)
    timeline = tuple(_show_step(each) for each in found.timeline)
    return replace(found, incident=incident, effects=effects, timeline=timeline, messages=(), actions=())


def _show_step(step: IncidentStep) -> IncidentStep:
    return replace(step, reason=WITHHELD if step.reason else "", payload=show_payload(step.payload))


async def find_visibility(principal: Asking, context: ContextOf) -> Visibility:
    """Return what whoever asks may see."""
    return Visibility.of(principal.role, context.settings)


VisibilityOf = Annotated[Visibility, Depends(find_visibility)]
