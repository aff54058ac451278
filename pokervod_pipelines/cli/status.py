"""Show how each block is: ``pokervod status``."""

import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from io import StringIO
from typing import Annotated, Never

import psycopg
import typer
from rich.console import RenderableType
from rich.live import Live
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import PIPE_WIDTH, SafeConsole, err, print_json, print_json_lines, show_time
from pokervod_pipelines.cli.status_pages import make_document, make_page
from pokervod_pipelines.cli.stopping import follow_until_interrupt
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.db.failures import DatabaseError, is_transient, read_first_line, translate_error
from pokervod_pipelines.defs.run_history import DagsterHistory, open_history
from pokervod_pipelines.errors import BadSettings, PokervodError, Unavailable
from pokervod_pipelines.events.listen import start_listening, wait_for_append
from pokervod_pipelines.monitoring.status import read_status
from pokervod_pipelines.monitoring.status_shape import SystemStatus
from pokervod_pipelines.settings import Settings, load_settings

POLL_SECONDS = 1.0
"""Runs and their progress append no event, so the status is read this often at least."""

GATHER_SECONDS = 0.2
"""After an event the next ones are awaited for so long: a sync appends hundreds in a second."""

UNREADABLE = 2
"""Exit status where the status cannot be read."""

app = typer.Typer()


@app.command("status")
def status(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep it up to date until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show for each block whether it runs, when it last succeeded, what failed, and when the next full sync is due.

    Exit status 2 where that cannot be read. With --json and --follow each line is one status.

    Example: pokervod status

    Example: pokervod status --follow
    """
    settings = load_settings()
    try:
        if follow:
            _follow(settings, as_json=as_json)
        else:
            with open_database(settings) as engine, open_history(settings) as history:
                _print(read_status(engine, history, settings), as_json=as_json)
    except BadSettings:
        raise
    except DBAPIError as error:
        _fail(translate_error(error), as_json=as_json)
    except PokervodError as error:
        _fail(error, as_json=as_json)


def _fail(error: PokervodError, *, as_json: bool) -> Never:
    """Tell that nothing is known, which is not the same as that nothing runs."""
    if as_json:
        print_json_lines([{"overall": "unknown", "error": str(error)}])
    err.print("[bold red]the status is unknown:[/] ", end="")
    err.print(str(error), markup=False)
    raise typer.Exit(UNREADABLE)


def _print(found: SystemStatus, *, as_json: bool) -> None:
    now = datetime.now(UTC)
    if as_json:
        print_json(make_document(found, now))
        return
    console = SafeConsole(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    console.print(make_page(found, now, width=console.width))


def _follow(settings: Settings, *, as_json: bool) -> None:
    """Show the status whenever it changes; Ctrl-C leaves the last one on screen.

    While the database is away the last one stays, with its time and the error above it. It is opened anew, which starts
    an embedded server that has died.
    """
    is_live = sys.stdout.isatty() and not as_json
    live = Live(console=SafeConsole(highlight=False), auto_refresh=False) if is_live else None
    view = _View(live, as_json=as_json)
    with follow_until_interrupt(live.stop if live else sys.stdout.flush), live or nullcontext():
        while True:
            try:
                with open_database(settings) as engine, open_history(settings) as history:
                    for found in _watch(engine, history, settings):
                        view.show(found)
            except (DBAPIError, psycopg.Error, Unavailable) as error:
                if view.last is None or not _can_pass(error):
                    raise
                view.show_outage(str(error) if isinstance(error, Unavailable) else read_first_line(error))
                time.sleep(POLL_SECONDS)


def _can_pass(error: DatabaseError | Unavailable) -> bool:
    """Return whether the database may answer later, without anybody's correction."""
    return isinstance(error, Unavailable) or is_transient(error)


def _watch(engine: Engine, history: DagsterHistory, settings: Settings) -> Iterator[SystemStatus]:
    """Yield the status at once, after each event, and each second."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as listening:
        start_listening(listening)
        while True:
            yield read_status(engine, history, settings)
            if wait_for_append(listening, timeout=POLL_SECONDS):
                time.sleep(GATHER_SECONDS)


class _View:
    """Show a status after another: in place on a terminal, elsewhere one below the other, each only if it is new."""

    def __init__(self, live: Live | None, *, as_json: bool) -> None:
        self.live = live
        self.as_json = as_json
        self.last: SystemStatus | None = None
        self._shown = ""
        self._read_at = datetime.now(UTC)
        self._outage_at: datetime | None = None

    def show(self, found: SystemStatus) -> None:
        """Show the status; on a terminal also where only an age has changed."""
        now = datetime.now(UTC)
        if self.live is not None:
            self._draw(make_page(found, now, width=self.live.console.width))
        elif found != self.last or self._outage_at is not None:
            if self.as_json:
                print_json_lines([make_document(found, now)])
            else:
                _print(found, as_json=False)
            sys.stdout.flush()
        self.last, self._read_at, self._outage_at = found, now, None

    def show_outage(self, reason: str) -> None:
        """Show that the status cannot be read, above the last one as it was then."""
        is_new, self._outage_at = self._outage_at is None, self._outage_at or datetime.now(UTC)
        sentence = f"the database is unavailable since {show_time(self._outage_at, '%H:%M:%S')}: {reason}"
        if self.live is not None and self.last is not None:
            self._draw(make_page(self.last, self._read_at, width=self.live.console.width, outage=sentence))
        elif is_new:
            if self.as_json:
                print_json_lines([{"overall": "unknown", "error": sentence}])
                sys.stdout.flush()
            err.print(sentence, markup=False)

    def _draw(self, page: RenderableType) -> None:
        """Redraw if the text differs from what is on the screen."""
        assert self.live is not None  # noqa: S101 - narrows the type
        paper = SafeConsole(highlight=False, width=self.live.console.width, file=StringIO())
        paper.print(page)
        if (drawn := paper.file.getvalue()) != self._shown:  # type: ignore[attr-defined]
            self._shown = drawn
            self.live.update(page, refresh=True)
