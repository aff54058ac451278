"""``pokervod sheets``: the annotation sheets."""

import getpass
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pokervod_pipelines.cli.output import out, print_json, print_json_lines, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pokervod_pipelines.sheets.store import ListedRow

app = typer.Typer(no_args_is_help=True)

PROBLEMS_SHOWN = 10

LARGEST_ID = 2**63 - 1

RowArgument = Annotated[
    int, typer.Argument(metavar="ROW_ID", min=1, max=LARGEST_ID, help="The row's id, as `sheets rows` shows it.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept for ever.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says so; default: the user of this terminal.")]


@app.command("sync")
def sync(
    sheet: Annotated[str, typer.Argument(help="A configured sheet; default: all.")] = "",
    confirm_loss: Annotated[
        bool, typer.Option("--confirm-loss", help="The rows that vanished were deleted on purpose.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Read the sheets, tie each row to its video, make the clips, and tell the sheet where it lets us write.

    Example: pokervod sheets sync metadata_archive
    """
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415
    from pokervod_pipelines.errors import PokervodError  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage  # noqa: PLC0415
    from pokervod_pipelines.workflows.statuses import run_statuses_stage  # noqa: PLC0415

    settings = load_settings()
    names = [settings.sheet(sheet).name] if sheet else [each.name for each in settings.sheets]
    outcomes, failures = [], []
    with open_database(settings) as engine:
        run = SyncRun(engine=engine, settings=settings, correlation_id=new_correlation_id(), full=True)
        for name in names:
            try:
                outcomes.append(run_sheets_stage(run, name, confirm_loss=confirm_loss))
                outcomes.append(run_clips_stage(run, name))
                if settings.sheet(name).write_back:
                    outcomes.append(run_statuses_stage(run, name))
            except PokervodError as error:
                failures.append(error)
    if as_json:
        print_json({"stages": [outcome.as_dict() for outcome in outcomes], "failed": [str(each) for each in failures]})
    else:
        for outcome in outcomes:
            counts = ", ".join(f"{name} {count:,}" for name, count in outcome.counts.items())
            out.print(f"{outcome.stage} {outcome.name}: {counts} ({outcome.seconds:.2f} s)")
            for problem in outcome.problems[:PROBLEMS_SHOWN]:
                out.print(f"  {problem.where}: {problem.what}", markup=False)
            if outcome.problem_count > PROBLEMS_SHOWN:
                out.print(f"  and {outcome.problem_count - PROBLEMS_SHOWN:,} more; --json lists them")
    if failures:
        raise failures[0]


@app.command("list")
def list_sheets(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False) -> None:
    """List the configured sheets: where each is, when it was read, how its rows are told apart, what is wrong.

    Example: pokervod sheets list
    """
    from pokervod_pipelines.sheets.store import list_readings  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        readings = list_readings(connection)
    listed = [
        {
            "sheet": sheet.name,
            "place": sheet.place,
            "read_at": None if reading is None else reading.read_at,
            "rows": 0 if reading is None else reading.rows,
            "matched": 0 if reading is None else reading.matched,
            "with_id": 0 if reading is None else reading.with_id,
            "write_back": sheet.write_back,
            "error": "not read yet" if reading is None else reading.error,
        }
        for sheet, reading in ((each, readings.get(each.name)) for each in settings.sheets)
    ]
    if as_json:
        print_json(listed)
        return
    table = [
        (
            each["sheet"],
            each["place"],
            each["read_at"] or "",
            f"{each['rows']:,}",
            f"{each['matched']:,}",
            f"id column ({each['with_id']:,})" if each["with_id"] else "what they say",
            "on" if each["write_back"] else "off",
            each["error"] or "",
        )
        for each in listed
    ]
    columns = ("sheet", "where", "read", "rows", "with video", "rows are known by", "write-back", "problem")
    print_table(f"{len(listed)} sheets", columns, table, right=("rows", "with video"))


@app.command("match")
def match() -> None:
    r"""Answer which video each line of standard input speaks of, one JSON object a line, in order.

    A line is a file name, a tab, and a folder link; either may be empty.

    Example: printf 'WSOP_2005_02\t\\\\nas\\archive\\WSOP\n' | pokervod sheets match
    """
    from pokervod_pipelines.sheets.file_index import FileIndex  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.sheets.match import match_lines  # noqa: PLC0415
    from pokervod_pipelines.sheets.store import read_candidate_files  # noqa: PLC0415
    from pokervod_pipelines.workflows.identity import identify_name  # noqa: PLC0415

    with open_database(load_settings()) as engine, engine.connect() as connection:
        files = read_candidate_files(connection)
    index = FileIndex.build(files, parsed_identity=identify_name)
    print_json_lines(match_lines(index, sys.stdin))


@app.command("rows")
def rows(
    sheet: Annotated[str, typer.Argument(help="Only this sheet.")] = "",
    status: Annotated[str, typer.Option("--status", help="matched, ambiguous or none.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """List annotation rows with their video, or the reason why there is none.

    Example: pokervod sheets rows --status ambiguous
    """
    from pokervod_pipelines.sheets.store import list_rows  # noqa: PLC0415 - kept out of --help

    with open_database(load_settings()) as engine, engine.connect() as connection:
        listed = list_rows(connection, sheet=sheet or None, status=status or None, limit=limit)
    if as_json:
        print_json([asdict(row) for row in listed])
        return
    table = [
        (
            str(row.id),
            f"{row.sheet} {row.tab} {row.row_number}",
            row.file_name,
            row.status,
            row.path or "\n".join(row.candidates),
            row.reason,
        )
        for row in listed
    ]
    columns = ("id", "row", "file name", "match", "video or candidates", "why")
    print_table(f"{len(listed)} rows", columns, table, right=("id",))


@app.command("pin")
def pin(
    row_id: RowArgument,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The video, from the archive root; its end will do.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Say which video a row speaks of. It wins over every rule and stays until somebody unpins it.

    Example: pokervod sheets pin 17 "WSOP 2005/WSOP_2005_02.mxf" --reason "seen in the titles"
    """
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.sheets.pins import pin_row  # noqa: PLC0415

    settings, correlation_id, by = load_settings(), new_correlation_id(), by or getpass.getuser()
    with open_database(settings) as engine:
        row = pin_row(engine, row_id=row_id, path=path, by=by, reason=reason, correlation_id=correlation_id)
        _follow_up(engine, settings, row, correlation_id)


@app.command("unpin")
def unpin(row_id: RowArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Leave it to the rules again which video a row speaks of.

    Example: pokervod sheets unpin 17 --reason "the file name in the sheet is right now"
    """
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.sheets.pins import unpin_row  # noqa: PLC0415
    from pokervod_pipelines.workflows.identity import identify_name  # noqa: PLC0415

    settings, correlation_id = load_settings(), new_correlation_id()
    with open_database(settings) as engine:
        row = unpin_row(
            engine,
            row_id=row_id,
            by=by or getpass.getuser(),
            reason=reason,
            correlation_id=correlation_id,
            parsed_identity=identify_name,
        )
        _follow_up(engine, settings, row, correlation_id)


def _follow_up(engine: "Engine", settings: Settings, row: "ListedRow", correlation_id: str) -> None:
    """The row's clip follows its match, and the person is told what the match is."""
    from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage  # noqa: PLC0415

    run_clips_stage(SyncRun(engine=engine, settings=settings, correlation_id=correlation_id), row.sheet)
    answer = f"{row.status} {row.path or ''}".rstrip()
    out.print(f"row {row.id} ({row.sheet} {row.tab} {row.row_number}): {answer}; {row.reason}", markup=False)


@app.command("pins")
def pins(
    sheet: Annotated[str, typer.Argument(help="Only this sheet.")] = "",
    history: Annotated[bool, typer.Option("--history", help="Also what holds no more, and every unpinning.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """List which videos people pinned to rows: who, when and why.

    Example: pokervod sheets pins --history
    """
    from pokervod_pipelines.sheets.pins import list_pins  # noqa: PLC0415 - kept out of --help

    with open_database(load_settings()) as engine:
        listed = [each for each in list_pins(engine, sheet or None) if history or each.is_in_force]
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    table = [
        (
            str(each.row_id),
            f"{each.sheet} {each.tab} {each.row_number}" + ("\nnot in the sheet now" if each.is_retired else ""),
            each.file_name,
            "unpinned" if each.path is None else each.path + ("" if each.is_in_force else "\nholds no more"),
            "" if each.file_state == "present" else each.file_state,
            each.at,
            each.by,
            each.reason,
        )
        for each in listed
    ]
    columns = ("id", "row", "file name", "video", "file state", "when", "who", "why")
    print_table(f"{len(listed)} pins", columns, table, right=("id",))
