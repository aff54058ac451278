"""``pokervod render``: graphics asked for, and what became of them."""

import getpass
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.cli import render_work
from pokervod_pipelines.cli.output import make_table, out, print_json, print_table
from pokervod_pipelines.cli.render_pages import (
    EVENT_COLUMNS,
    LIST_COLUMNS,
    LIST_FIGURES,
    TRY_COLUMNS,
    describe_instruction,
    event_rows,
    list_rows,
    try_rows,
)
from pokervod_pipelines.cli.render_work import LARGEST
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.db.failures import is_transient, read_first_line
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pokervod_pipelines.render.enqueue import EnqueueReport
    from pokervod_pipelines.render.listing import InstructionFilter

app = typer.Typer(no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
IDS_SHOWN = 20
FOLLOW_SECONDS = 1.0
HEAD_LINES = 5
LONGEST_WHY = 100

render_work.register(app)


@app.command("enqueue")
def enqueue(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE.csv]", help="A CSV with a graphic a row.")] = None,
    template: Annotated[str, typer.Option("--template", "-t", help="Instead of a file: one graphic.")] = "",
    layer: Annotated[
        list[str] | None, typer.Option("--layer", "-l", metavar="NAME=VALUE", help="What it shows.")
    ] = None,
    priority: Annotated[str, typer.Option("--priority", help="1 (the highest) to 10.")] = "",
    format_: Annotated[str, typer.Option("--format", help="png_sequence, mov_alpha or mp4.")] = "",
    seconds: Annotated[str, typer.Option("--seconds", help="How long it is.")] = "",
    name: Annotated[str, typer.Option("--id", help="Tells the same graphic asked for twice on purpose apart.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who asks; default: the user of this terminal.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask for graphics: those of a CSV, or one by template and layers. What was asked for before is not made twice.

    Example: pokervod render enqueue friday.csv

    Example: pokervod render enqueue -t elimination -l player="Ana Ruiz" -l place=9th --priority 1
    """
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.render.enqueue import enqueue_file, enqueue_request  # noqa: PLC0415

    cells = {"template": template, "priority": priority, "format": format_, "seconds": seconds, "id": name}
    if (file is None) == (not template):
        raise BadInput("give either a CSV file or --template; `pokervod render templates` shows the templates")
    if file is not None and (layer or any(cells.values())):
        raise BadInput("a CSV says everything itself; leave out --layer, --priority, --format, --seconds and --id")
    settings, by, correlation_id = load_settings(), by or getpass.getuser(), new_correlation_id()
    with open_database(settings) as engine:
        if file is not None:
            report = enqueue_file(engine, settings, file, by=by, reason=reason, correlation_id=correlation_id)
        else:
            cells |= _read_layers(layer or [])
            report = enqueue_request(engine, settings, cells, by=by, reason=reason, correlation_id=correlation_id)
    _show_enqueued(report, as_json=as_json)


def _read_layers(layers: list[str]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for said in layers:
        name, equals, value = said.partition("=")
        if not equals or name in cells or name in {"template", "priority", "format", "seconds", "id"}:
            raise BadInput(f"--layer {said!r}: write NAME=VALUE, each layer once")
        cells[name] = value
    return cells


def _show_enqueued(report: "EnqueueReport", *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(report))
    else:
        out.print(f"{len(report.created)} asked for: {_list_ids(report.created)}", markup=False)
        if report.already_there:
            out.print(f"{len(report.already_there)} were there: {_list_ids(report.already_there)}", markup=False)
    if report.problems:
        listed = "\n".join(f"  {problem}" for problem in report.problems)
        raise BadInput(f"{len(report.problems)} rows make no graphic:\n{listed}\nmend them and give the file again")


def _list_ids(ids: tuple[int, ...]) -> str:
    more = f" and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
    return (", ".join(str(each) for each in ids[:IDS_SHOWN]) or "nothing new") + more


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option("--state", "-s", help="In this state; may be repeated.")] = None,
    template: Annotated[str, typer.Option("--template", "-t", help="Of this template.")] = "",
    day: Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Of this broadcast day.")] = None,
    hand: Annotated[int | None, typer.Option("--hand", min=1, max=LARGEST, help="Of the hand with this id.")] = None,
    flagged: Annotated[bool, typer.Option("--flagged", help="Finished ones that no longer show the truth.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Also versions that a next one replaced.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=LARGEST, help="At most so many.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep the table up to date until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what was asked for: in work, next, then the newest.

    Example: pokervod render list --state pending --day 2031-05-04

    Example: pokervod render list --follow
    """
    from pokervod_pipelines.render.listing import InstructionFilter, list_instructions  # noqa: PLC0415 - for --help

    wanted = InstructionFilter(
        states=tuple(state or ()),
        template=template or None,
        day=day.date() if day else None,
        hand_id=hand,
        is_flagged=True if flagged else None,
        is_in_force=None if history else True,
    )
    if follow and as_json:
        raise BadInput("--follow draws a table for a person; leave out --follow or --json")
    with open_database(load_settings()) as engine:
        if follow:
            _follow(engine, wanted, limit)
            return
        with engine.connect() as connection:
            listed = list_instructions(connection, wanted, limit=limit)
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    print_table(f"{len(listed)} render instructions", LIST_COLUMNS, list_rows(listed), right=LIST_FIGURES)


def _follow(engine: "Engine", wanted: "InstructionFilter", limit: int) -> None:
    """The table is drawn anew each second, no higher than the terminal; Ctrl-C leaves the last one standing.

    It stands also while the database is away, and goes on when that is back.
    """
    shown: RenderableType
    last: RenderableType = ""
    with suppress(KeyboardInterrupt), Live(console=Console(highlight=False), auto_refresh=False) as live:
        while True:
            rows = min(limit, max(3, live.console.height - HEAD_LINES))
            try:
                shown = last = _draw_queue(engine, wanted, rows=rows)
            except DBAPIError as error:
                if not is_transient(error):
                    raise
                shown = Group(Text(f"{_tell_clock()}  the database is away: {read_first_line(error)}"), last)
            live.update(shown, refresh=True)
            time.sleep(FOLLOW_SECONDS)


def _tell_clock() -> str:
    return f"{datetime.now().astimezone():%H:%M:%S}"


def _draw_queue(engine: "Engine", wanted: "InstructionFilter", *, rows: int) -> Table:
    from pokervod_pipelines.render.crew import count_alive  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.render.listing import count_states, list_instructions  # noqa: PLC0415
    from pokervod_pipelines.render.pauses import list_pauses  # noqa: PLC0415

    with engine.connect() as connection:
        counts = count_states(connection, wanted.day)
        alive, pauses = count_alive(connection), list_pauses(connection)
        listed = list_instructions(connection, wanted, limit=rows)
    title = "  ".join(f"{count:,} {state}" for state, count in counts.items()) or "nothing was asked for"
    title += f"   workers: {alive}"
    title += "".join(f"   paused: {each.scope} ({each.reason})" for each in pauses)
    why = LIST_COLUMNS.index("why")
    shown = [(*row[:why], _first_line(str(row[why])), *row[why + 1 :]) for row in list_rows(listed)]
    return make_table(f"{_tell_clock()}  {title}", LIST_COLUMNS, shown, right=LIST_FIGURES)


def _first_line(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= LONGEST_WHY else line[: LONGEST_WHY - 1] + "…"


@app.command("show")
def show(
    instruction_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=LARGEST, help="As `render list` shows it.")],
    as_json: JsonOption = False,
) -> None:
    """Show an instruction whole, with its tries, all that happened to it and why, its file and its other versions.

    Example: pokervod render show 17
    """
    from pokervod_pipelines.render.listing import show_attempts, show_events, show_versions  # noqa: PLC0415
    from pokervod_pipelines.render.outputs.store import find_output  # noqa: PLC0415

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
        if tries := attempts[each.id]:
            print_table("tries", TRY_COLUMNS, try_rows(tries))
        if happened := events[each.id]:
            print_table("what happened", EVENT_COLUMNS, event_rows(happened))
        if output := outputs[each.id]:
            out.print(f"file: {settings.renders / output.path}{output.describe()}", markup=False)


@app.command("templates")
def templates(as_json: JsonOption = False) -> None:
    """List the templates with their layers; required ones are marked with a star.

    Example: pokervod render templates
    """
    from pokervod_pipelines.render.rules import load_house_templates, load_rules  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    known = load_house_templates(settings)
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
    columns = ("template", "title", "layers", "formats", "picture", "made by rule")
    print_table(f"{len(rows)} templates", columns, rows)
