"""Show the event log: ``pokervod events``."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from types import NoneType
from typing import Annotated, NoReturn

import typer
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.cli.options import (
    ByOption,
    JsonOption,
    PreviewOption,
    ReasonOption,
    SinceOption,
    UntilOption,
    read_actor,
)
from pokervod_pipelines.cli.output import (
    count_nouns,
    err,
    make_hint,
    out,
    print_json,
    print_json_lines,
    print_table,
    show_time,
)
from pokervod_pipelines.cli.stopping import follow_until_interrupt
from pokervod_pipelines.cli.usage import LARGEST, MOST_LISTED
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.db.failures import is_transient, read_first_line
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events.cursors import read_cursor, set_back_cursor
from pokervod_pipelines.events.listen import POLL_SECONDS, start_listening, wait_for_append
from pokervod_pipelines.events.log import EventFilter, LoggedEvent, read_events, read_latest, read_snapshot
from pokervod_pipelines.events.retention import count_prunable, prune_events
from pokervod_pipelines.events.retries import drop_parked, list_failed, retry_parked
from pokervod_pipelines.periods import FORMS, read_moment, read_period
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.pending_events import find_consumer, list_all_consumers

MAX_VALUES_SHOWN = 8
"""Values of a list in a line."""

app = typer.Typer(no_args_is_help=True)

DEFAULT_LINES = 20

RECONNECT = Backoff(first_seconds=0.25, limit_seconds=4.0)


@app.command("tail")
def tail(
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines", "-n", min=0, max=MOST_LISTED, help="Begin with this many events; default: 20, with --since all."
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing new events, until Ctrl-C.")] = False,
    correlation: Annotated[
        str, typer.Option("--correlation", help="Only events that this sync or request caused.")
    ] = "",
    types: Annotated[
        list[str] | None, typer.Option("--type", "-t", help="Only of this type: nas.file.removed, or nas.file for all.")
    ] = None,
    blocks: Annotated[
        list[str] | None, typer.Option("--block", help="Only of this block (A to G) or room: C, nas, render.")
    ] = None,
    since: SinceOption = "",
    until: UntilOption = "",
    as_json: JsonOption = False,
) -> None:
    """Print the newest events, oldest first.

    Example: pokervod events tail -n 50 --follow

    Example: pokervod events tail --type nas.file --since yesterday
    """
    settings = load_settings()
    filters = EventFilter(
        types=tuple(types or ()),
        blocks=tuple(blocks or ()),
        correlation_id=correlation or None,
        period=read_period(since, until, settings.zone),
    )
    default = None if since else DEFAULT_LINES
    with open_database(settings) as engine:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            since_now = read_snapshot(connection)
            latest = read_latest(connection, filters, limit=default if lines is None else lines)
            printed = _print_events(latest, as_json=as_json)
            if correlation and not printed and not follow:
                _require_known(connection, correlation)
            if not (printed or follow or as_json):
                are_others = any(read_latest(connection, EventFilter(), limit=1))
                err.print(make_hint(0, are_others=are_others, first_step="`pokervod sync` causes the first events"))
        if follow:
            _follow(engine, filters, since_now, as_json=as_json)


def _require_known(connection: Connection, correlation: str) -> None:
    if not any(read_latest(connection, EventFilter(correlation_id=correlation), limit=1)):
        raise BadInput(f"unknown correlation id {correlation!r}; `pokervod events tail --json` shows those of events")


def _follow(engine: Engine, filters: EventFilter, since: str, *, as_json: bool) -> NoReturn:
    """Print the events that fit as they are appended after the snapshot, until Ctrl-C, which is how one ends it.

    While the database is away this is said once; what was appended meanwhile follows as soon as it is back.
    """
    failures = 0
    with follow_until_interrupt():
        while True:
            try:
                for new, read_to in _watch(engine, since):
                    if failures:
                        err.print("the database is available again")
                    _print_events(filter(filters.fits, new), as_json=as_json)
                    since, failures = read_to, 0
            except DBAPIError as error:
                if not is_transient(error):
                    raise
                if not failures:
                    err.print(f"the database is unavailable: {read_first_line(error)}; waiting for it", markup=False)
                failures += 1
                time.sleep(RECONNECT.find_wait(failures))


def _watch(engine: Engine, since: str) -> Iterator[tuple[list[LoggedEvent], str]]:
    """Yield the events after the snapshot, and the snapshot from which to continue, at once and after each append."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as listening:
        start_listening(listening)
        while True:
            new, since = read_events(listening, since)
            yield new, since
            if not new:
                wait_for_append(listening, timeout=POLL_SECONDS)


def _print_events(events: Iterable[LoggedEvent], *, as_json: bool) -> int:
    """Print the events as they come; return how many."""
    count = 0
    for event in events:
        count += 1
        if as_json:
            names = ("id", "at", "type", "source", "correlation_id", "payload")
            print_json_lines([{name: getattr(event, name) for name in names}])
        else:
            facts = " ".join(
                f"{key}={_shorten(value)}"
                for key, value in event.payload.items()
                if not isinstance(value, dict | NoneType)
            )
            out.print(f"{show_time(event.at, '%Y-%m-%d %H:%M:%S')}  {event.type:26} {facts}", markup=False)
    sys.stdout.flush()
    return count


def _shorten(value: object) -> object:
    """Return a long list by its beginning and its length; JSON has all of it."""
    if not isinstance(value, list) or len(value) <= MAX_VALUES_SHOWN:
        return value
    return f"[{', '.join(map(str, value[:MAX_VALUES_SHOWN]))} … {len(value):,} in all]"


@app.command("cursors")
def cursors(as_json: JsonOption = False) -> None:
    """List who reads the event log by a durable cursor, and how far each is behind.

    Example: pokervod events cursors
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        states = [read_cursor(connection, each) for each in list_all_consumers(connection)]
    if as_json:
        print_json([asdict(state) for state in states])
        return
    rows = [
        (each.consumer, each.pending, each.oldest, each.moved_at or "never", each.waiting, each.parked)
        for each in states
    ]
    columns = ("consumer", "pending", "oldest", "read last", "waiting", "parked")
    print_table("consumers of the event log", columns, rows, right=("pending", "waiting", "parked"))


@app.command("replay")
def replay(
    name: Annotated[str, typer.Argument(help="The consumer, as `events cursors` lists it.")],
    since: Annotated[str, typer.Option("--from", metavar="TIME", help=f"Read again from then on: {FORMS}.")],
    preview: PreviewOption = False,
) -> None:
    """Let a consumer read again the events since a time; what it has done already changes nothing.

    Example: pokervod events replay "render instructions" --from yesterday
    """
    settings = load_settings()
    moment = read_moment("--from", since, settings.zone)
    with open_database(settings) as engine, engine.connect() as connection:
        consumer = find_consumer(connection, name)
        state = set_back_cursor(connection, consumer, moment)
        if not preview:
            connection.commit()
    out.print(f"{name} {'would read' if preview else 'reads'} {count_nouns(state.pending, 'event')} with its next run")


@app.command("parked")
def parked(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only of this consumer.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the events that a consumer could not handle: those parked, and those that it tries again.

    Example: pokervod events parked
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        consumer = find_consumer(connection, name).name if name else None
        failed = list_failed(connection, consumer)
    if as_json:
        print_json([asdict(each) for each in failed])
        return
    if not failed:
        out.print("no event is parked")
        return
    rows = [
        (each.consumer, str(each.event_id), each.type, each.attempts, each.next_try_at or "parked", each.error or "")
        for each in failed
    ]
    print_table(
        "events that could not be handled",
        ("consumer", "event", "type", "failed", "next try", "error"),
        rows,
        right=("event", "failed"),
    )
    out.print("`pokervod events retry NAME EVENT` lets it try again, `pokervod events drop` gives an event up")


ConsumerName = Annotated[str, typer.Argument(metavar="NAME", help="The consumer, as `events parked` lists it.")]
EventIds = Annotated[
    list[int] | None, typer.Argument(metavar="[EVENT]...", min=1, max=LARGEST, help="Parked events; default: all.")
]


@app.command("retry")
def retry(
    name: ConsumerName,
    events: EventIds = None,
    preview: PreviewOption = False,
    reason: ReasonOption = "",
    by: ByOption = "",
) -> None:
    """Let a consumer handle parked events again.

    Example: pokervod events retry "render instructions" 17 --reason "the share is back"
    """
    actor = Actor(who="preview", reason="preview") if preview else read_actor(by, reason)
    done = "would be handled again" if preview else "will be handled again"
    _decide(retry_parked, done, name, events, actor, preview=preview)


@app.command("drop")
def drop(
    name: ConsumerName,
    events: Annotated[list[int], typer.Argument(metavar="EVENT...", min=1, max=LARGEST, help="Parked events.")],
    reason: ReasonOption = "",
    by: ByOption = "",
) -> None:
    """Give parked events up for good; the log keeps them.

    Example: pokervod events drop "render instructions" 17 --reason "the hand was a test"
    """
    _decide(drop_parked, "dropped", name, events, read_actor(by, reason))


def _decide(
    act: Callable[[Connection, str, Sequence[int], Actor], list[int]],
    done: str,
    name: str,
    events: Sequence[int] | None,
    actor: Actor,
    *,
    preview: bool = False,
) -> None:
    with open_database(load_settings()) as engine, engine.connect() as connection:
        ids = act(connection, find_consumer(connection, name).name, events or (), actor)
        if not preview:
            connection.commit()
    out.print(f"{count_nouns(len(ids), 'event')} {done}: {', '.join(map(str, ids)) or 'none is parked'}")


@app.command("prune")
def prune(preview: PreviewOption = False) -> None:
    """Delete the events that are older than the settings keep them; the nightly sync does it, too.

    Example: pokervod events prune --preview
    """
    settings = load_settings()
    with open_database(settings) as engine:
        if preview:
            with engine.connect() as connection:
                count = count_prunable(connection, settings.events)
        else:
            count = prune_events(engine, settings.events)
    out.print(f"{count_nouns(count, 'event')} {'would be' if preview else 'were'} deleted")
