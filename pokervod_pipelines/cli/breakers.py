"""Define ``pokervod breakers``: which services outside are not called now, and why."""

from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, out, print_json, print_table, show_time
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.events.breakers import reset_breaker
from pokervod_pipelines.policies.breaker_store import BreakerState
from pokervod_pipelines.policies.health import find_breaker, list_breakers
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

COLUMNS = ("name", "service", "state", "failures", "since", "next try", "last error")


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the breakers: whether each service is called, how often in a row it failed, when the next call may try.

    Example: pokervod breakers list --json
    """
    settings = load_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        breakers = list_breakers(connection, settings)
    if as_json:
        print_json([{"title": service.title, "state": state.state, **asdict(state)} for service, state in breakers])
        return
    rows = [(service.name, service.title, *_describe(state)) for service, state in breakers]
    count = sum(state.opened_at is not None for _, state in breakers)
    print_table(f"{count_nouns(len(rows), 'breaker')}, {count} open", COLUMNS, rows, right=("failures",))


def _describe(state: BreakerState) -> tuple[str, int, str, str, str]:
    since = state.opened_at and show_time(state.opened_at, "%Y-%m-%d %H:%M:%S")
    due = "now" if state.is_due else state.next_probe_at and show_time(state.next_probe_at, "%H:%M:%S")
    if state.is_probing and not state.is_due:
        due = f"tries now, else {due}"
    last = state.last_failed_at and f"{show_time(state.last_failed_at, '%Y-%m-%d %H:%M:%S')} {state.last_error}"
    return state.state, state.failures, since or "", due or "", last or ""


@app.command("reset")
def reset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As shown by `breakers list`.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Close a breaker, so that the service is called again at once.

    Example: pokervod breakers reset sheets --reason "the network is back"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine, engine.begin() as connection:
        service = find_breaker(connection, settings, name)
        before = reset_breaker(connection, name, actor)
    if before is None:
        out.print(f"{service.title}: its breaker was closed already, without a failure", markup=False)
        return
    was = "open" if before.opened_at else "closed"
    out.print(f"{service.title} is called again; its breaker was {was}, {_count(before)}", markup=False)


def _count(state: BreakerState) -> str:
    return f"after {count_nouns(state.failures, 'failure')} in a row, the last: {state.last_error}"
