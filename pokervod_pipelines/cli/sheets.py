"""``pokervod sheets``: the annotation sheets."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.cli.output import out, print_json, print_json_lines, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="What people annotated, and which video each row speaks of.")


@app.command("sync")
def sync(
    sheet: Annotated[str, typer.Argument(help="A configured sheet; default: all.")] = "",
    confirm_loss: Annotated[
        bool, typer.Option("--confirm-loss", help="The rows that vanished were deleted on purpose.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Read the sheets, tie each row to its video and make the clips.

    Example: pokervod sheets sync metadata_archive
    """
    from pokervod_pipelines.errors import PokervodError  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.events import new_correlation_id  # noqa: PLC0415
    from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage  # noqa: PLC0415

    settings = load_settings()
    names = [settings.sheet(sheet).name] if sheet else [each.name for each in settings.sheets]
    outcomes, failures = [], []
    with open_database(settings) as engine:
        run = SyncRun(engine=engine, settings=settings, correlation_id=new_correlation_id(), full=True)
        for name in names:
            try:
                outcomes.append(run_sheets_stage(run, name, confirm_loss=confirm_loss))
                outcomes.append(run_clips_stage(run, name))
            except PokervodError as error:
                failures.append(error)
    if as_json:
        print_json({"stages": [outcome.as_dict() for outcome in outcomes], "failed": [str(each) for each in failures]})
    else:
        for outcome in outcomes:
            counts = ", ".join(f"{name} {count:,}" for name, count in outcome.counts.items())
            out.print(f"{outcome.stage} {outcome.name}: {counts} ({outcome.seconds:.2f} s)")
            for problem in outcome.problems[:10]:
                out.print(f"  {problem.where}: {problem.what}", markup=False)
    if failures:
        raise failures[0]


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
    limit: Annotated[int, typer.Option("--limit", "-n", help="At most so many.")] = 100,
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
            f"{row.sheet} {row.tab} {row.row_number}",
            row.file_name,
            row.status,
            row.path or "\n".join(row.candidates),
            row.reason,
        )
        for row in listed
    ]
    print_table(f"{len(listed)} rows", ("row", "file name", "match", "video or candidates", "why"), table)
