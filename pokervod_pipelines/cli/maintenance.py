"""Define ``pokervod maintenance``: windows of planned work, whose incidents alarm nobody."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, make_hint, out, print_json, print_table, show_time
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.holds.windows import (
    Coverage,
    MaintenanceWindow,
    cancel_window,
    list_windows,
    name_state,
    plan_window,
)
from pokervod_pipelines.periods import COMING, read_coming
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines.suggestions import suggest_name
from pokervod_pipelines.workflows.held import require_holdable

app = typer.Typer(no_args_is_help=True)

COLUMNS = ("window", "from", "until", "state", "of", "planned by", "reason")
NOW = "now"


@app.command("plan")
def plan(
    until: Annotated[str, typer.Option("--until", metavar="TIME", help=f"{COMING}.")],
    reason: ReasonOption,
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="As --until; default: now.")] = NOW,
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="What is worked on; may be repeated.")
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="Its name, one for each --kind; without any all of the kind."),
    ] = None,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Plan work: the incidents of these things, without any of everything, are muted from then to then.

    Nothing stops running for it; `pokervod hold` keeps a thing from being worked on.

    Example: pokervod maintenance plan --from 02:00 --until 04:00 --kind library --name wsop --reason "the share moves"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    starts_at = datetime.now(UTC) if since == NOW else read_coming("--from", since, settings.zone)
    ends_at = read_coming("--until", until, settings.zone)
    coverage = read_coverage(kinds or [], names or [])
    for each in coverage:
        if each.name is not None:
            require_holdable(Subject(kind=each.kind, name=each.name), settings)
    with open_database(settings) as engine, engine.begin() as connection:
        window = plan_window(connection, starts_at, ends_at, coverage, actor)
    if as_json:
        print_json(_make_document(window, datetime.now(UTC)))
        return
    times = f"from {show_time(window.starts_at)} until {show_time(window.ends_at)}"
    out.print(f"Window {window.id} is planned {times}: {describe_coverage(window)}", markup=False)


def read_coverage(kinds: list[str], names: list[str]) -> list[Coverage]:
    """Return what a person named: each name belongs to the kind at its place. Raises ``BadInput``."""
    if unknown := [each for each in kinds if each not in [*SubjectKind]]:
        raise BadInput(f"--kind: unknown kind {unknown[0]!r}; {suggest_name(unknown[0], [*SubjectKind])}")
    if not names:
        return [Coverage(kind=SubjectKind(each)) for each in kinds]
    if len(names) != len(kinds):
        raise BadInput(
            f"expected a --kind for each --name, got {count_nouns(len(kinds), 'kind')} and "
            f"{count_nouns(len(names), 'name')}; write --kind sheet --name tracker for each, or leave the names out"
        )
    if not all(each.strip() for each in names):
        raise BadInput("--name: a name is required; leave --name out to cover all of the kind")
    return [Coverage(kind=SubjectKind(kind), name=name.strip()) for kind, name in zip(kinds, names, strict=True)]


def describe_coverage(window: MaintenanceWindow) -> str:
    """Return what the window is about."""
    return ", ".join(map(str, window.coverage)) or "everything"


@app.command("list")
def list_(
    show_all: Annotated[bool, typer.Option("--all", help="Also those that are over or cancelled.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the windows that have begun or are planned, the next first.

    Example: pokervod maintenance list --all
    """
    now = datetime.now(UTC)
    with open_database(load_settings()) as engine, engine.connect() as connection:
        windows = list_windows(connection, with_past=show_all)
    if as_json:
        print_json([_make_document(each, now) for each in windows])
        return
    rows = [
        (
            str(each.id),
            each.starts_at,
            each.ends_at,
            name_state(each, now),
            describe_coverage(each),
            each.by,
            each.reason,
        )
        for each in windows
    ]
    hint = make_hint(len(rows), first_step="`pokervod maintenance plan` plans one")
    print_table(count_nouns(len(rows), "window"), COLUMNS, rows, right=("window",), hint=hint)


@app.command("cancel")
def cancel(
    window: Annotated[int, typer.Argument(metavar="WINDOW", help="As `maintenance list` shows it.")],
    reason: ReasonOption,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Cancel a window that is planned, or end one that has begun; what it muted alarms again at once.

    Example: pokervod maintenance cancel 3 --reason "it was done early"
    """
    actor = read_actor(by, reason)
    with open_database(load_settings()) as engine, engine.begin() as connection:
        cancelled = cancel_window(connection, window, actor)
    if as_json:
        print_json(_make_document(cancelled, datetime.now(UTC)))
        return
    out.print(f"Window {window} is cancelled", markup=False)


def _make_document(window: MaintenanceWindow, now: datetime) -> dict[str, Any]:
    return {**asdict(window), "state": name_state(window, now)}
