"""What ``pokervod render`` says of instructions and workers: words and rows for a person, no printing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pokervod_pipelines.render.crew import CrewMember
    from pokervod_pipelines.render.listing import ListedInstruction, ShownAttempt, ShownEvent

LIST_COLUMNS = ("id", "template", "shows", "state", "prio", "day", "why", "who")
LIST_FIGURES = ("id", "prio")
TRY_COLUMNS = ("began (UTC)", "lasted", "worker", "outcome", "whose fault", "why")
EVENT_COLUMNS = ("when (UTC)", "what", "who", "why")
CREW_COLUMNS = ("worker", "state", "holds", "strikes", "renderers", "seen")
CREW_FIGURES = ("holds", "strikes")
WHAT_HAPPENED = {
    "render.instruction.created": "asked for",
    "render.started": "taken",
    "render.requeued": "waits again",
    "render.timed_out": "timed out",
    "supersede": "replaced",
    "flag": "not true any more",
    "withdraw": "withdrawn",
    "restore": "true again",
    "remake": "made anew",
    "stop": "to be stopped",
}
"""Types of events, and the changes of an instruction, in words; the others say it themselves."""

SUBJECTS = ("player", "heading", "event")
"""The layers by which a person knows a graphic, the best first."""

RULES = "the rules"
"""Who acted, where it was neither a person nor a worker."""

PICTURE = ("format", "width", "height", "fps", "seconds")


def list_rows(listed: "Sequence[ListedInstruction]") -> list[Sequence[object]]:
    """Return a row of ``LIST_COLUMNS`` for each; an id stands as it is typed into other commands."""
    return [
        (
            str(each.id),
            each.template,
            _name_subject(each.layers),
            say_state(each),
            each.priority,
            each.broadcast_day,
            say_why(each),
            each.by,
        )
        for each in listed
    ]


def _name_subject(layers: Mapping[str, Any]) -> str:
    return next((str(layers[name]) for name in SUBJECTS if layers.get(name)), "")


def say_state(each: "ListedInstruction") -> str:
    """Return the state, and how far it is while it is in work."""
    if each.state == "processing" and each.progress is not None:
        return f"processing {each.progress:.0%}"
    return each.state


def say_why(each: "ListedInstruction") -> str:
    """Return why it is in its state, and below it what a person should know besides."""
    lines = (
        each.reason,
        each.flagged and f"! not true any more: {each.flagged}",
        each.cancel_requested and each.state == "processing" and f"! to be stopped: {each.cancel_requested}",
    )
    return "\n".join(line for line in lines if line)


def describe_instruction(each: "ListedInstruction") -> list[tuple[str, object]]:
    """Return what is telling of it, by name: how it stands, what it shows, how it comes out, where it is from."""
    return [row for row in _describe(each) if row[1] not in (None, "")]


def _describe(each: "ListedInstruction") -> Iterator[tuple[str, object]]:
    yield "state", say_state(each)
    yield "why", say_why(each)
    yield "whose fault", each.failure_kind
    yield "worker", each.claimed_by if each.state == "processing" else None
    yield "not before", _say_time(each.due_at) if each.state == "pending" and each.due_at > each.changed_at else None
    yield "template", each.template if each.renderer == "local" else f"{each.template} ({each.renderer})"
    for name, value in each.layers.items():
        yield f"  {name}", say_value(value)
    yield "picture", _say_picture(each.output)
    yield "path", each.output.get("path")
    yield "priority", each.priority
    yield "retries", f"{each.retry_count} of {each.max_retries}" if each.retry_count else None
    yield "day", each.broadcast_day
    yield "hand", None if each.hand_id is None else str(each.hand_id)
    yield "asked for by", f"{each.by}, {_say_time(each.created_at)}"
    yield "trigger", None if each.trigger_kind == "person" else f"{each.trigger_kind} {each.trigger_key}"
    yield "replaced by", None if each.superseded_by is None else str(each.superseded_by)
    yield "withdrawn", each.withdrawn_at and _say_time(each.withdrawn_at)
    yield "began", each.started_at and _say_time(each.started_at)
    yield "ended", each.finished_at and _say_time(each.finished_at)


def _say_picture(output: Mapping[str, Any]) -> str:
    if any(output.get(name) is None for name in PICTURE):
        return ""
    return "{format}, {width}×{height}, {fps:g} fps, {seconds:g} s".format(**output)


def say_value(value: object) -> str:
    """Return what a layer shows: a table's rows as lines, a list's values in a row."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "\n".join("  ".join(str(cell) for cell in row.values()) for row in value)
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def try_rows(attempts: "Sequence[ShownAttempt]") -> list[Sequence[object]]:
    """Return a row of ``TRY_COLUMNS`` for each."""
    return [
        (
            f"{each.started_at.astimezone(UTC):%m-%d %H:%M:%S}",
            f"{(each.ended_at - each.started_at).total_seconds():.1f} s",
            each.worker,
            each.outcome.replace("_", " "),
            each.kind,
            each.reason,
        )
        for each in attempts
    ]


def event_rows(events: "Sequence[ShownEvent]") -> list[Sequence[object]]:
    """Return a row of ``EVENT_COLUMNS`` for each."""
    return [
        (
            f"{each.at.astimezone(UTC):%m-%d %H:%M:%S}",
            say_event(each.type, each.payload),
            each.payload.get("by") or each.payload.get("worker") or RULES,
            each.payload.get("reason"),
        )
        for each in events
    ]


def say_event(type_: str, payload: Mapping[str, Any]) -> str:
    """Return what happened.

    >>> say_event("render.requeued", {}), say_event("render.instruction.updated", {"change": "flag"})
    ('waits again', 'not true any more')
    """
    change = payload.get("change")
    if change == "prioritize":
        return f"priority {payload.get('priority_before')} → {payload.get('priority')}"
    return WHAT_HAPPENED.get(change or type_, change or type_.removeprefix("render."))


def crew_rows(members: "Sequence[CrewMember]", now: datetime) -> list[Sequence[object]]:
    """Return a row of ``CREW_COLUMNS`` for each."""
    return [
        (
            each.name,
            f"set aside: {each.set_aside}" if each.set_aside else "works" if each.is_alive else "gone",
            each.holding,
            each.strikes,
            ", ".join(each.renderers),
            say_ago((now - each.seen_at).total_seconds()),
        )
        for each in members
    ]


def say_ago(seconds: float) -> str:
    """Return how long ago, in the largest unit of which there are two.

    >>> say_ago(3.6), say_ago(119), say_ago(7200), say_ago(400_000)
    ('3 s ago', '119 s ago', '2 h ago', '4 days ago')
    """
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{max(0, int(seconds))} s ago"


def _say_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
