"""Run the commands ``pokervod render``: request graphics, list them, and show what happened to them."""

import getpass
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.cli import render_bulk, render_work
from pokervod_pipelines.cli.known import require_known
from pokervod_pipelines.cli.options import ByOption, DayOption, JsonOption, SinceOption, UntilOption
from pokervod_pipelines.cli.output import (
    SafeConsole,
    count_nouns,
    make_hint,
    make_table,
    out,
    print_json,
    print_table,
    show_time,
)
from pokervod_pipelines.cli.render_pages import (
    ATTEMPT_COLUMNS,
    EVENT_COLUMNS,
    LIST_COLUMNS,
    LIST_FIGURES,
    attempt_rows,
    describe_instruction,
    event_rows,
    list_rows,
    print_instructions,
)
from pokervod_pipelines.cli.stopping import follow_until_interrupt
from pokervod_pipelines.cli.usage import LARGEST, MOST_LISTED
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.db.failures import is_transient, read_first_line
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import read_period
from pokervod_pipelines.render.enqueue import EnqueueReport, enqueue_file, enqueue_request
from pokervod_pipelines.render.listing import (
    InstructionFilter,
    count_states,
    list_instructions,
    show_attempts,
    show_events,
    show_versions,
)
from pokervod_pipelines.render.outputs.store import find_output
from pokervod_pipelines.render.pauses import list_pauses
from pokervod_pipelines.render.rules import load_rules
from pokervod_pipelines.render.templates import load_configured_templates
from pokervod_pipelines.render.workers import count_available
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

IDS_SHOWN = 20
FOLLOW_SECONDS = 1.0
HEADER_LINES = 5
MAX_REASON = 100

FIRST_STEP = "`pokervod render enqueue` requests a graphic, and so do the rules for premium hands"

render_work.register(app)
render_bulk.register(app)


@app.command("enqueue")
def enqueue(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE.csv]", help="A CSV with a graphic a row.")] = None,
    template: Annotated[str, typer.Option("--template", "-t", help="Instead of a file: one graphic.")] = "",
    layer: Annotated[
        list[str] | None, typer.Option("--layer", "-l", metavar="NAME=VALUE", help="A layer and its value.")
    ] = None,
    priority: Annotated[str, typer.Option("--priority", help="1 (the highest) to 10.")] = "",
    format_: Annotated[str, typer.Option("--format", help="png_sequence, mov_alpha or mp4.")] = "",
    seconds: Annotated[
        str, typer.Option("--seconds", help="Duration in seconds, such as 7.5; default: its template's.")
    ] = "",
    name: Annotated[str, typer.Option("--id", help="Tell two requests of the same graphic apart.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why (audited).")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only check the CSV and count its graphics.")] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Request graphics: those of a CSV, or one by template and layers. Duplicates are ignored.

    Example: pokervod render enqueue friday.csv

    Example: pokervod render enqueue -t elimination -l player="Ana Ruiz" -l place=9th --priority 1
    """
    cells = {"template": template, "priority": priority, "format": format_, "seconds": seconds, "id": name}
    if (file is None) == (not template):
        raise BadInput("expected either a CSV file or --template; `pokervod render templates` lists the templates")
    if preview and file is None:
        raise BadInput("--preview is for a CSV file; leave it out for a single graphic")
    if file is not None and (layer or any(cells.values())):
        raise BadInput("--layer, --priority, --format, --seconds and --id are columns of a CSV; leave out the options")
    settings, by, correlation_id = load_settings(), by or getpass.getuser(), new_correlation_id()
    with open_database(settings) as engine:
        if file is not None:
            report = enqueue_file(
                engine, settings, file, by=by, reason=reason, correlation_id=correlation_id, is_preview=preview
            )
        else:
            cells |= _read_layers(layer or [])
            report = enqueue_request(engine, settings, cells, by=by, reason=reason, correlation_id=correlation_id)
    _show_enqueued(report, as_json=as_json, is_preview=preview)


def _read_layers(layers: list[str]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for text in layers:
        name, equals, value = text.partition("=")
        if not equals or name in cells or name in {"template", "priority", "format", "seconds", "id"}:
            raise BadInput(f"--layer: expected NAME=VALUE, each layer once, got {text!r}")
        cells[name] = value
    return cells


def _show_enqueued(report: EnqueueReport, *, as_json: bool, is_preview: bool) -> None:
    if is_preview:
        counts = {"would be requested": len(report.created), "already exist": len(report.already_there)}
        print_json(counts) if as_json else out.print(", ".join(f"{count} {what}" for what, count in counts.items()))
    elif as_json:
        print_json(asdict(report))
    else:
        out.print(f"{len(report.created)} requested: {_list_ids(report.created)}", markup=False)
        if report.already_there:
            out.print(f"{len(report.already_there)} already exist: {_list_ids(report.already_there)}", markup=False)
    if report.problems:
        count = len(report.problems)
        rows = "1 row was" if count == 1 else f"{count} rows were"
        listed = "\n".join(f"  {problem}" for problem in report.problems)
        raise BadInput(f"{rows} skipped:\n{listed}\nCorrect the file and enqueue it again.")


def _list_ids(ids: tuple[int, ...]) -> str:
    more = f" and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
    return (", ".join(str(each) for each in ids[:IDS_SHOWN]) or "nothing new") + more


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option("--state", "-s", help="In this state; may be repeated.")] = None,
    template: Annotated[str, typer.Option("--template", "-t", help="Of this template.")] = "",
    day: DayOption = None,
    hand: Annotated[int | None, typer.Option("--hand", min=1, max=LARGEST, help="Of the hand with this id.")] = None,
    flagged: Annotated[bool, typer.Option("--flagged", help="Completed ones that are outdated.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Also versions that a next one replaced.")] = False,
    since: SinceOption = "",
    until: UntilOption = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST_LISTED, help="Show at most this many.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep the table up to date until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List render instructions: running, next, then the newest.

    Example: pokervod render list --state failed --since yesterday

    Example: pokervod render list --follow
    """
    settings = load_settings()
    filters = InstructionFilter(
        states=tuple(state or ()),
        template=template or None,
        day=day,
        hand_id=hand,
        is_flagged=True if flagged else None,
        is_in_force=None if history else True,
        period=read_period(since, until, settings.zone),
    )
    if follow and as_json:
        raise BadInput("--follow prints a table for a person; leave out --follow or --json")
    with open_database(settings) as engine:
        if follow:
            _follow(engine, filters, limit)
            return
        with engine.connect() as connection:
            queue = _describe_queue(connection, filters)
            listed = list_instructions(connection, filters, page=Page(limit=limit))
            are_others = not listed and bool(list_instructions(connection, InstructionFilter(), page=Page(limit=1)))
    if template and not listed:
        require_known("template", template, load_configured_templates(settings))
    hint = make_hint(len(listed), limit=limit, are_others=are_others, first_step=FIRST_STEP)
    print_instructions(listed, f"render instructions   {queue}", as_json=as_json, hint=hint)


def _follow(engine: Engine, filters: InstructionFilter, limit: int) -> None:
    """Print the table again each second, no higher than the terminal; Ctrl-C leaves the last one on screen.

    While the database is away the last table stays, with the error above it.
    """
    shown: RenderableType
    last: RenderableType = ""
    live = Live(console=SafeConsole(highlight=False), auto_refresh=False)
    with follow_until_interrupt(live.stop), live:
        while True:
            rows = min(limit, max(3, live.console.height - HEADER_LINES))
            try:
                shown = last = _make_queue_table(engine, filters, rows=rows, width=live.console.width)
            except DBAPIError as error:
                if not is_transient(error):
                    raise
                shown = Group(Text(f"{_read_clock()}  the database is unavailable: {read_first_line(error)}"), last)
            live.update(shown, refresh=True)
            time.sleep(FOLLOW_SECONDS)


def _read_clock() -> str:
    return show_time(datetime.now(UTC), "%H:%M:%S")


def _make_queue_table(engine: Engine, filters: InstructionFilter, *, rows: int, width: int) -> Group:
    with engine.connect() as connection:
        title = _describe_queue(connection, filters)
        listed = list_instructions(connection, filters, page=Page(limit=rows))
    why = LIST_COLUMNS.index("why")
    shown = [(*row[:why], _first_line(str(row[why])), *row[why + 1 :]) for row in list_rows(listed, datetime.now(UTC))]
    return make_table(f"{_read_clock()}  {title}", LIST_COLUMNS, shown, right=LIST_FIGURES, width=width)


def _describe_queue(connection: Connection, filters: InstructionFilter) -> str:
    """Return the counts by state, the number of workers, and what is paused."""
    counts = count_states(connection, filters.day)
    states = "  ".join(f"{count:,} {state}" for state, count in counts.items()) or "no instructions"
    pauses = "".join(f"   paused: {each.scope} ({each.reason})" for each in list_pauses(connection))
    return f"{states}   workers: {count_available(connection)}{pauses or '   not paused'}"


def _first_line(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= MAX_REASON else line[: MAX_REASON - 1] + "…"


@app.command("show")
def show(
    instruction_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=LARGEST, help="As `render list` shows it.")],
    as_json: JsonOption = False,
) -> None:
    """Show an instruction with its layers, attempts, events and why, its file and its other versions.

    Example: pokervod render show 17
    """
    settings = load_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        versions = show_versions(connection, instruction_id)
        attempts = {each.id: show_attempts(connection, each.id) for each in versions}
        events = {each.id: show_events(connection, each.id) for each in versions}
        outputs = {each.id: find_output(connection, each.id) for each in versions}
    if as_json:
        rows = [
            asdict(each)
            | {"attempts": [asdict(attempt) for attempt in attempts[each.id]]}
            | {"events": [asdict(event) for event in events[each.id]]}
            | {"file": output and asdict(output)}
            for each in versions
            for output in [outputs[each.id]]
        ]
        print_json(rows)
        return
    for each in versions:
        mark = "  ←" if each.id == instruction_id and len(versions) > 1 else ""
        title = f"render instruction {each.id}, version {each.version}{mark}"
        print_table(title, ("field", "value"), describe_instruction(each))
        if attempts[each.id]:
            print_table("attempts", ATTEMPT_COLUMNS, attempt_rows(attempts[each.id]))
        if events[each.id]:
            print_table("events", EVENT_COLUMNS, event_rows(events[each.id]))
        if output := outputs[each.id]:
            out.print(f"file: {settings.renders / output.path}{output.describe()}", markup=False)


@app.command("templates")
def templates(as_json: JsonOption = False) -> None:
    """List the templates with their layers; required ones are marked with a star.

    Example: pokervod render templates
    """
    settings = load_settings()
    known = load_configured_templates(settings)
    made_by = {rule.name: (rule.on, rule.template.name) for rule in load_rules(settings, known)}
    if as_json:
        print_json([template.model_dump(by_alias=True) for template in known.values()])
        return
    rows = [
        (
            template.name,
            template.title,
            "\n".join(
                f"{name}{'*' if layer.required else ''}: {layer.kind}" for name, layer in template.layers.items()
            ),
            ", ".join(template.formats),
            f"{template.width}×{template.height}, {template.fps} fps, {template.seconds:g} s",
            "\n".join(f"{rule} (on {on})" for rule, (on, name) in made_by.items() if name == template.name),
        )
        for template in known.values()
    ]
    columns = ("template", "title", "layers (* required)", "formats", "picture", "made by rule")
    print_table(count_nouns(len(rows), "template"), columns, rows)
