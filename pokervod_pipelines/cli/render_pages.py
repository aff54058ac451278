"""Format instructions and workers for ``pokervod render``: words and rows for a person, no printing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pokervod_pipelines.cli.output import print_json, print_table, show_time
from pokervod_pipelines.holds.listing import UNTIL_RELEASED
from pokervod_pipelines.render.listing import InstructionEvent, ListedAttempt, ListedInstruction
from pokervod_pipelines.render.workers import RegisteredWorker

LIST_COLUMNS = ("id", "template", "shows", "state", "prio", "day", "age", "took", "why", "who")
LIST_FIGURES = ("id", "prio", "age", "took")
ATTEMPT_COLUMNS = ("started", "duration", "worker", "outcome", "failure", "why")
EVENT_COLUMNS = ("time", "event", "who", "why")
WORKER_COLUMNS = ("worker", "state", "jobs", "strikes", "renderers", "seen")
WORKER_FIGURES = ("strikes",)
EVENT_NAMES = {
    "render.instruction.created": "requested",
    "render.timed_out": "timed out",
    "supersede": "replaced",
    "flag": "outdated",
    "withdraw": "withdrawn",
    "restore": "up to date again",
    "remake": "remade",
    "stop": "stop requested",
}
"""Types of events, and changes of an instruction, in words; other types are clear as they are."""

SUBJECTS = ("player", "heading", "event")
"""The layers by which a person recognises a graphic, the best first."""

RULES = "the rules"
"""Who acted, where neither a person nor a worker did."""

PICTURE = ("format", "width", "height", "fps", "seconds")


def print_instructions(listed: Sequence[ListedInstruction], title: str, *, as_json: bool, hint: str = "") -> None:
    """Print the instructions as JSON, or as a table whose title begins with their number, with the hint below."""
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    rows = list_rows(listed, datetime.now(UTC))
    print_table(f"{len(listed)} {title}", LIST_COLUMNS, rows, right=LIST_FIGURES, hint=hint)


def list_rows(listed: Sequence[ListedInstruction], now: datetime) -> list[Sequence[object]]:
    """Return a row of ``LIST_COLUMNS`` for each; an id is written as other commands take it."""
    return [
        (
            str(each.id),
            each.template,
            _name_subject(each.layers),
            describe_state(each),
            each.priority,
            each.broadcast_day,
            format_span((now - each.created_at).total_seconds()),
            _describe_duration(each, now),
            describe_reason(each),
            each.by,
        )
        for each in listed
    ]


def _describe_duration(each: ListedInstruction, now: datetime) -> str:
    """Return how long the render took, or has been running and probably still takes."""
    if each.started_at is None or each.state == "pending":
        return ""
    if each.state != "processing":
        return "" if each.finished_at is None else f"{(each.finished_at - each.started_at).total_seconds():.0f} s"
    elapsed = max(0.0, (now - each.started_at).total_seconds())
    left = f", {elapsed / each.progress - elapsed:.0f} s left" if each.progress else ""
    return f"{elapsed:.0f} s{left}"


def _name_subject(layers: Mapping[str, Any]) -> str:
    return next((str(layers[name]) for name in SUBJECTS if layers.get(name)), "")


def describe_state(each: ListedInstruction) -> str:
    """Return the state, with the progress while it is running."""
    if each.state != "processing":
        is_held = each.held_until is not None and each.held_until > datetime.now(UTC)
        return f"{each.state}, held" if is_held else each.state
    progress = "" if each.progress is None else f" {each.progress:.0%}"
    return f"processing{progress} by {each.claimed_by}"


def describe_reason(each: ListedInstruction) -> str:
    """Return the reason of the state, and below it what else a person should know."""
    lines = (
        each.reason,
        each.flagged and f"! outdated: {each.flagged}",
        each.cancel_requested and each.state == "processing" and f"! stop requested: {each.cancel_requested}",
    )
    return "\n".join(line for line in lines if line)


def describe_instruction(each: ListedInstruction) -> list[tuple[str, object]]:
    """Return its filled fields by name: state, layers, output, origin."""
    return [row for row in _describe(each) if row[1] not in (None, "")]


def _describe(each: ListedInstruction) -> Iterator[tuple[str, object]]:
    yield "state", describe_state(each)
    yield "why", describe_reason(each)
    yield "failure", each.failure_kind
    yield "not before", _format_time(each.due_at) if each.state == "pending" and each.due_at > each.changed_at else None
    yield "template", each.template if each.renderer == "local" else f"{each.template} ({each.renderer})"
    for name, value in each.layers.items():
        yield f"  {name}", format_value(value)
    yield "picture", _describe_picture(each.output)
    yield "path", each.output.get("path")
    yield "held", _describe_hold(each.held_until)
    yield "priority", each.priority
    yield "retries", f"{each.retry_count} of {each.max_retries}" if each.retry_count else None
    yield "day", each.broadcast_day
    yield "hand", None if each.hand_id is None else str(each.hand_id)
    yield "requested by", f"{each.by}, {_format_time(each.created_at)}"
    yield "trigger", None if each.trigger_kind == "person" else f"{each.trigger_kind} {each.trigger_key}"
    yield "replaced by", None if each.superseded_by is None else str(each.superseded_by)
    yield "withdrawn", each.withdrawn_at and _format_time(each.withdrawn_at)
    yield "started", each.started_at and _format_time(each.started_at)
    yield "ended", each.finished_at and _format_time(each.finished_at)


def _describe_hold(until: datetime | None) -> str:
    if until is None or until <= datetime.now(UTC):
        return ""
    return "until released" if until == UNTIL_RELEASED else f"until {_format_time(until)}"


def _describe_picture(output: Mapping[str, Any]) -> str:
    if any(output.get(name) is None for name in PICTURE):
        return ""
    return "{format}, {width}×{height}, {fps:g} fps, {seconds:g} s".format(**output)


def format_value(value: object) -> str:
    """Return the value of a layer: rows as lines, a list in one line."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "\n".join("  ".join(str(cell) for cell in row.values()) for row in value)
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def attempt_rows(attempts: Sequence[ListedAttempt]) -> list[Sequence[object]]:
    """Return a row of ``ATTEMPT_COLUMNS`` for each."""
    return [
        (
            show_time(each.started_at, "%m-%d %H:%M:%S"),
            f"{(each.ended_at - each.started_at).total_seconds():.1f} s",
            each.worker,
            each.outcome.replace("_", " "),
            each.kind,
            each.reason,
        )
        for each in attempts
    ]


def event_rows(events: Sequence[InstructionEvent]) -> list[Sequence[object]]:
    """Return a row of ``EVENT_COLUMNS`` for each."""
    return [
        (
            show_time(each.at, "%m-%d %H:%M:%S"),
            name_event(each.type, each.payload),
            each.payload.get("by") or each.payload.get("worker") or RULES,
            each.payload.get("reason"),
        )
        for each in events
    ]


def name_event(type_: str, payload: Mapping[str, Any]) -> str:
    """Return the event in words.

    >>> name_event("render.requeued", {}), name_event("render.instruction.updated", {"change": "flag"})
    ('requeued', 'outdated')
    """
    change = payload.get("change")
    if change == "prioritize":
        return f"priority {payload.get('priority_before')} → {payload.get('priority')}"
    return EVENT_NAMES.get(change or type_, change or type_.removeprefix("render."))


def worker_rows(workers: Sequence[RegisteredWorker], now: datetime) -> list[Sequence[object]]:
    """Return a row of ``WORKER_COLUMNS`` for each."""
    return [
        (
            each.name,
            _describe_worker(each),
            " ".join(map(str, each.jobs)),
            each.strikes,
            ", ".join(each.renderers),
            f"{format_span((now - each.seen_at).total_seconds())} ago",
        )
        for each in workers
    ]


def _describe_worker(each: RegisteredWorker) -> str:
    if each.quarantine_reason:
        return f"quarantined: {each.quarantine_reason}"
    if each.is_alive:
        is_held = each.held_until is not None and each.held_until > datetime.now(UTC)
        return "held: it claims nothing (`pokervod holds`)" if is_held else "alive"
    return "stopped" if each.has_stopped else "died: no heartbeat, and it never stopped"


def format_span(seconds: float) -> str:
    """Return a duration in the largest unit of which at least two have passed.

    >>> format_span(3.6), format_span(119), format_span(7200), format_span(400_000)
    ('3 s', '119 s', '2 h', '4 days')
    """
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def _format_time(at: datetime) -> str:
    return show_time(at, "%Y-%m-%d %H:%M:%S")
