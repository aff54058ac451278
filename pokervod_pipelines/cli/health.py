"""Show how everything is that the system depends on: ``pokervod health``."""

import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated

import typer
from rich.live import Live
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.cli.health_pages import make_document, make_page
from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import PIPE_WIDTH, SafeConsole, print_json, print_json_lines
from pokervod_pipelines.cli.stopping import follow_until_interrupt
from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts
from pokervod_pipelines.monitoring.health.access import DatabaseAccess, open_access
from pokervod_pipelines.monitoring.health.check import DATABASE, HealthCheck
from pokervod_pipelines.monitoring.health.repair import record_and_repair
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

    It takes 5 s at most. Exit status 0 healthy, 1 degraded, 3 unhealthy. A hook of the settings may be run, once a
    failure. With --json and --follow each line is one look that found a change.

    Example: pokervod health

    Example: pokervod health --look-only --json
    """
    settings = load_settings()
    with open_access(settings, OrchestratorFacts) as access:
        check = HealthCheck(settings=settings, access=access)
        if follow:
            _follow(check, access, settings, look_only=look_only, as_json=as_json)
            return
        found = _look(check, access, settings, look_only=look_only)
    if as_json:
        print_json(make_document(found))
    else:
        _print(found)
    raise typer.Exit(STATUSES[found.state])


def _look(check: HealthCheck, access: DatabaseAccess, settings: Settings, *, look_only: bool) -> SystemHealth:
    """Look once, and record and repair unless the database cannot be used."""
    found = check.look()
    database, opened = found.find(DATABASE), access.opened
    if look_only or opened is None or database is None or database.state is not ServiceState.HEALTHY:
        return found
    try:
        return record_and_repair(opened.engine, found, settings.monitoring.hooks)
    except DBAPIError as error:  # it went away just now, which the next look says
        services = (replace(each, repair=f"not recorded: {read_first_line(error)}") for each in found.services)
        return replace(found, services=tuple(services))


def _print(found: SystemHealth) -> None:
    console = SafeConsole(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    console.print(make_page(found, width=console.width))


def _follow(check: HealthCheck, access: DatabaseAccess, settings: Settings, *, look_only: bool, as_json: bool) -> None:
    """Show every look in place on a terminal; elsewhere only one that differs from the last in a state."""
    is_live = sys.stdout.isatty() and not as_json
    live = Live(console=SafeConsole(highlight=False), auto_refresh=False) if is_live else None
    shown: object = None
    with follow_until_interrupt(live.stop if live else sys.stdout.flush), live or nullcontext():
        while True:
            found = _look(check, access, settings, look_only=look_only)
            states = [(each.name, each.state, each.repair) for each in found.services]
            if live is not None:
                live.update(make_page(found, width=live.console.width), refresh=True)
            elif states != shown:
                if as_json:
                    print_json_lines([make_document(found)])
                else:
                    _print(found)
                sys.stdout.flush()
            shown = states
            time.sleep(FOLLOW_SECONDS)
