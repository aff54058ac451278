"""Show the event log: ``pokervod events``."""

from typing import Annotated

import typer
from sqlalchemy import Connection, Engine

from pokervod_pipelines.cli.options import JsonOption, SinceOption, UntilOption
from pokervod_pipelines.cli.output import out, print_json_lines, show_time
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events.listen import start_listening, wait_for_append
from pokervod_pipelines.events.log import EventFilter, LoggedEvent, read_events, read_latest
from pokervod_pipelines.periods import read_period
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

DEFAULT_LINES = 20

POLL_SECONDS = 5.0
"""The log is read this often even if a notification was lost."""


@app.command("tail")
def tail(
    lines: Annotated[
        int | None,
        typer.Option("--lines", "-n", min=0, help="Begin with this many events; default: 20, with --since all."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing new events.")] = False,
    correlation: Annotated[
        str, typer.Option("--correlation", help="Only events that this sync or request caused.")
    ] = "",
    types: Annotated[
        list[str] | None, typer.Option("--type", "-t", help="Only of this type: nas.file.removed, or nas.file for all.")
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
        correlation_id=correlation or None,
        period=read_period(since, until, settings.zone),
    )
    default = None if since else DEFAULT_LINES
    with open_database(settings) as engine:
        with engine.connect() as connection:
            latest = read_latest(connection, filters, limit=default if lines is None else lines)
            newest = read_latest(connection, EventFilter(), limit=1)
            if correlation and not latest and not follow:
                _require_known(connection, correlation)
        _print_events(latest, as_json=as_json)
        if follow:
            _follow(engine, filters, newest, as_json=as_json)


def _require_known(connection: Connection, correlation: str) -> None:
    if not read_latest(connection, EventFilter(correlation_id=correlation), limit=1):
        raise BadInput(f"unknown correlation id {correlation!r}; `pokervod events tail --json` shows those of events")


def _follow(engine: Engine, filters: EventFilter, newest: list[LoggedEvent], *, as_json: bool) -> None:
    """Print the events that fit as they are appended after the newest one."""
    listening = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    start_listening(listening)
    while True:
        position = (newest[-1].txid, newest[-1].id) if newest else (0, 0)
        new = read_events(listening, after=position)
        _print_events([event for event in new if filters.fits(event)], as_json=as_json)
        newest = new or newest
        if not new:
            wait_for_append(listening, timeout=POLL_SECONDS)


def _print_events(events: list[LoggedEvent], *, as_json: bool) -> None:
    for event in events:
        if as_json:
            names = ("id", "at", "type", "source", "correlation_id", "payload")
            print_json_lines([{name: getattr(event, name) for name in names}])
        else:
            facts = " ".join(f"{key}={value}" for key, value in event.payload.items() if not isinstance(value, dict))
            out.print(f"{show_time(event.at, '%Y-%m-%d %H:%M:%S')}  {event.type:26} {facts}", markup=False)
