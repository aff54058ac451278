"""Show how everything is that the system depends on: ``pokervod health``."""

import signal
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.cli.health_pages import make_document, make_page
from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import PIPE_WIDTH, SafeConsole, print_json, print_json_lines, wrap_line
from pokervod_pipelines.cli.stopping import follow_until_interrupt
from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts
from pokervod_pipelines.monitoring.health.access import DatabaseAccess, open_access
from pokervod_pipelines.monitoring.health.check import DATABASE, HealthCheck
from pokervod_pipelines.monitoring.health.repair import Announce, end_hooks, record_and_repair
from pokervod_pipelines.monitoring.health.shape import ServiceState, SystemHealth
from pokervod_pipelines.settings import Settings, load_settings

FOLLOW_SECONDS = 10.0
"""Time between two looks: each asks every share, and Google once."""

STATUSES = {ServiceState.HEALTHY: 0, ServiceState.DEGRADED: 1, ServiceState.UNHEALTHY: 3}

app = typer.Typer()


@app.command("health")
def health(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Look again and again until Ctrl-C.")] = False,
    look_only: Annotated[bool, typer.Option("--look-only", help="Record nothing, run no hook.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look at databases, daemon, sensors, watcher, workers, shares, sheets, disks and clocks; the worst is first.

    A look takes 5 s at most. Exit status 0 healthy, 1 degraded, 3 unhealthy. A hook of the settings may then be run,
    once a failure, within its own time limit. With --json and --follow each line is one look that found a change.

    Example: pokervod health

    Example: pokervod health --look-only --json
    """
    settings = load_settings()
    with open_access(settings, OrchestratorFacts) as access:
        check = HealthCheck(settings=settings, access=access)
        if follow:
            _follow(check, access, settings, look_only=look_only, as_json=as_json)
            return
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: a hook that runs is ended and said to be
        told: list[SystemHealth] = []

        def announce(health: SystemHealth) -> None:
            if not as_json:  # which is one document
                _print(health)
                told.append(health)

        found = _look(check, access, settings, look_only=look_only, announce=announce)
    if as_json:
        print_json(make_document(found))
    elif told:
        _print_hooks(told[0], found)
    else:
        _print(found)
    raise typer.Exit(STATUSES[found.state])


def _look(
    check: HealthCheck, access: DatabaseAccess, settings: Settings, *, look_only: bool, announce: Announce
) -> SystemHealth:
    """Look once, and record and repair unless the database cannot be used; announce it before a hook is run."""
    found = check.look()
    database, opened = found.find(DATABASE), access.opened
    if look_only or opened is None or database is None or database.state is not ServiceState.HEALTHY:
        return found
    try:
        return record_and_repair(opened.engine, found, settings.monitoring.hooks, announce=announce)
    except DBAPIError as error:  # it went away just now, which the next look says
        services = (replace(each, repair=f"not recorded: {read_first_line(error)}") for each in found.services)
        return replace(found, services=tuple(services))


def _print(found: SystemHealth) -> None:
    console = _make_console()
    console.print(make_page(found, width=console.width))
    sys.stdout.flush()


def _print_hooks(before: SystemHealth, after: SystemHealth) -> None:
    """Print how the hooks ended that were announced."""
    console = _make_console()
    for old, new in zip(before.services, after.services, strict=True):
        if new.repair != old.repair:
            console.print(wrap_line(Text(f"{new.name}: hook {new.repair}"), console.width))


def _make_console() -> SafeConsole:
    return SafeConsole(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def _follow(check: HealthCheck, access: DatabaseAccess, settings: Settings, *, look_only: bool, as_json: bool) -> None:
    """Show every look in place on a terminal; elsewhere only one that differs from the last in a state."""
    is_live = sys.stdout.isatty() and not as_json
    live = Live(console=SafeConsole(highlight=False), auto_refresh=False) if is_live else None
    shown: object = None

    def announce(health: SystemHealth) -> None:
        if live is not None:
            live.update(make_page(health, width=live.console.width), refresh=True)
        elif not as_json:
            _print(health)

    def end() -> None:
        end_hooks()
        (live.stop if live else sys.stdout.flush)()

    with follow_until_interrupt(end), live or nullcontext():
        while True:
            found = _look(check, access, settings, look_only=look_only, announce=announce)
            states = [(each.name, each.state, each.repair) for each in found.services]
            if live is not None:
                live.update(make_page(found, width=live.console.width), refresh=True)
            elif states != shown:
                if as_json:
                    print_json_lines([make_document(found)])
                else:
                    _print(found)
            shown = states
            time.sleep(FOLLOW_SECONDS)
