"""Run ``pokervod sheets``: the annotation sheets."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import Engine

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.catalog.name_identity import identify_name
from pokervod_pipelines.cli.known import require_known
from pokervod_pipelines.cli.options import (
    ByOption,
    JsonOption,
    LimitOption,
    PreviewOption,
    ReasonOption,
    print_sources,
    read_actor,
)
from pokervod_pipelines.cli.output import (
    count_listed,
    count_nouns,
    err,
    make_hint,
    out,
    print_json,
    print_json_lines,
    print_table,
)
from pokervod_pipelines.cli.stale_sheets import describe_reading, note_stale_sheets
from pokervod_pipelines.cli.usage import LARGEST
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, PokervodError
from pokervod_pipelines.paging import DEFAULT_LIMIT, EVERYTHING, Page
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.sheets import listing
from pokervod_pipelines.sheets.file_index import FileIndex
from pokervod_pipelines.sheets.match import MatchStatus, match_lines
from pokervod_pipelines.sheets.pins import list_pins
from pokervod_pipelines.sheets.retirement import (
    find_unconfigured_sheet,
    list_unconfigured_sheets,
)
from pokervod_pipelines.sheets.store import read_candidate_files

if TYPE_CHECKING:
    from pokervod_pipelines.workflows.stage_result import StageResult

app = typer.Typer(no_args_is_help=True)

MAX_PROBLEMS_SHOWN = 10

RowArgument = Annotated[
    int, typer.Argument(metavar="ROW_ID", min=1, max=LARGEST, help="The row's id, as `sheets rows` shows it.")
]


@app.command("sync")
def sync(
    sheet: Annotated[str, typer.Argument(help="A configured sheet; default: all.")] = "",
    confirm_loss: Annotated[
        bool, typer.Option("--confirm-loss", help="The rows that vanished were deleted on purpose.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the sheets, match each row to its video, make the clips, and write the status where `write_back` is on.

    Example: pokervod sheets sync metadata_archive
    """
    settings = load_settings()
    print_sources(settings)
    with open_database(settings) as engine:
        names = [_find_sheet(engine, settings, sheet)] if sheet else [each.name for each in settings.sheets]
        outcomes, failures = _sync_sheets(engine, settings, names, confirm_loss=confirm_loss)
    if as_json:
        print_json({"stages": [outcome.as_dict() for outcome in outcomes], "failed": [str(each) for each in failures]})
    else:
        for outcome in outcomes:
            counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in outcome.counts.items())
            told = outcome.held or f"{counts} ({outcome.seconds:.2f} s)"
            out.print(f"{outcome.stage} {outcome.name}: {told}", markup=False)
            for problem in outcome.problems[:MAX_PROBLEMS_SHOWN]:
                out.print(f"  {problem}", markup=False)
            if outcome.problem_count > MAX_PROBLEMS_SHOWN:
                out.print(f"  and {outcome.problem_count - MAX_PROBLEMS_SHOWN:,} more; --json lists them")
        for failure in failures[1:]:
            err.print(f"error: {failure}", markup=False)
    if failures:
        raise failures[0]


def _sync_sheets(
    engine: Engine, settings: Settings, names: Sequence[str], *, confirm_loss: bool
) -> "tuple[list[StageResult], list[PokervodError]]":
    """Return the results and the failures: one sheet that fails keeps no other from its turn."""
    from pokervod_pipelines.workflows import stages  # noqa: PLC0415 - it loads many rooms
    from pokervod_pipelines.workflows.statuses import run_statuses_stage  # noqa: PLC0415 - as above

    outcomes: list[StageResult] = []
    failures: list[PokervodError] = []
    run = stages.SyncRun(engine=engine, settings=settings, correlation_id=new_correlation_id(), full=True)
    for name in names:
        try:
            outcomes.append(stages.run_sheets_stage(run, name, confirm_loss=confirm_loss))
            outcomes.append(stages.run_clips_stage(run, name))
            if settings.sheet(name).write_back:
                outcomes.append(run_statuses_stage(run, name))
        except PokervodError as error:
            failures.append(error)
    try:
        outcomes.extend(filter(None, [stages.run_own_clips_stage(run)]))
    except PokervodError as error:
        failures.append(error)
    return outcomes, failures


def _find_sheet(engine: Engine, settings: Settings, name: str) -> str:
    """Return the name of a configured sheet; say what to do with one that is only stored."""
    if any(each.name == name for each in settings.sheets):
        return name
    with engine.connect() as connection:
        if any(each.sheet == name for each in list_unconfigured_sheets(connection, settings)):
            raise BadInput(
                f"{name}: no longer in the settings. Add it to `sheets` there to read it, or retire its rows: "
                f"`pokervod sheets retire {name} --preview`"
            )
    return settings.sheet(name).name


@app.command("list")
def list_sheets(as_json: JsonOption = False) -> None:
    """List the configured sheets: where each is, when it was read, how its rows are identified, the last error.

    It also tells why no status is written into a sheet.

    Example: pokervod sheets list
    """
    settings = load_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        listed = listing.list_sheets(connection, settings)
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    table = [
        (
            each.sheet,
            each.place,
            each.read_at or "",
            f"{each.rows:,}",
            f"{each.matched:,}",
            f"id column ({each.with_id:,})" if each.with_id else "content",
            each.no_status or "written",
            _describe_problem(each),
        )
        for each in listed
    ]
    columns = ("sheet", "where", "read", "rows", "with video", "rows identified by", "status in the sheet", "problem")
    hint = make_hint(len(listed), first_step="add `sheets` to the settings (docs/sheets.md)")
    print_table(count_nouns(len(listed), "sheet"), columns, table, right=("rows", "with video"), hint=hint)


def _describe_problem(sheet: listing.ListedSheet) -> str:
    """Return why the sheet, or a tab of it, could not be read, and of when its rows are then."""
    if not sheet.error:
        return "\n".join(f"tab {title}: {reason}" for title, reason in sheet.unread_tabs.items())
    return "\n".join([sheet.error, *([describe_reading(sheet.stale_since)] if sheet.stale_since else [])])


@app.command("retire")
def retire(
    sheet: Annotated[str, typer.Argument(help="A sheet that is no longer in the settings; `sheets list` shows it.")],
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    by: ByOption = "",
) -> None:
    """Retire the rows and clips of a sheet that was removed from the settings. They are kept; the action is audited.

    In the settings again, the sheet is read and its rows return with their clips and pins.

    Example: pokervod sheets retire clip_tracker --preview

    Example: pokervod sheets retire clip_tracker --reason "the series is over"
    """
    settings = load_settings()
    with open_database(settings) as engine:
        if preview:
            with engine.connect() as connection:
                found = find_unconfigured_sheet(connection, settings, sheet)
                listed = listing.list_rows(connection, page=EVERYTHING, sheet=sheet)
            _print_rows(listed, f"{listing.describe_contents(found)} would be retired")
            return
        from pokervod_pipelines.workflows.sheet_decisions import retire_sheet  # noqa: PLC0415 - it loads many rooms

        retired = retire_sheet(engine, settings, sheet, actor=read_actor(by, reason))
    out.print(f"{listing.describe_contents(retired)} of {sheet} retired", markup=False)


@app.command("match")
def match() -> None:
    r"""Match each line of standard input to its video; print one JSON object per line, in order.

    A line is a file name, a tab, and a folder link; either may be blank.

    Example: printf 'WSOP_2005_02\t\\\\nas\\archive\\WSOP\n' | pokervod sheets match
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        files = read_candidate_files(connection)
    index = FileIndex.build(files, parsed_identity=identify_name)
    print_json_lines(match_lines(index, sys.stdin))


@app.command("rows")
def rows(
    sheet: Annotated[str, typer.Argument(help="Only this sheet.")] = "",
    status: Annotated[str, typer.Option("--status", help="matched, ambiguous or none.")] = "",
    limit: LimitOption = DEFAULT_LIMIT,
    as_json: JsonOption = False,
) -> None:
    """List annotation rows with their video, or the reason why they have none.

    Example: pokervod sheets rows --status ambiguous
    """
    require_known("status", status, MatchStatus)
    settings = load_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        listed = listing.list_rows(connection, page=Page(limit=limit), sheet=sheet or None, status=status or None)
        are_others = not listed and bool(listing.list_rows(connection, page=Page(limit=1)))
        note = note_stale_sheets(connection, {row.sheet for row in listed})
    if sheet and not listed:
        settings.sheet(sheet)
    if as_json:
        print_json([asdict(row) for row in listed])
        return
    hint = make_hint(len(listed), limit=limit, are_others=are_others, first_step="`pokervod sync` reads the sheets")
    _print_rows(listed, count_listed(len(listed), "row", limit), "\n".join(filter(None, (hint, note))))


def _print_rows(rows: Sequence[listing.ListedRow], title: str, hint: str = "") -> None:
    table = [
        (
            str(row.id),
            f"{row.sheet} {row.tab} {row.row_number}",
            row.file_name,
            row.status,
            row.path or "\n".join(row.candidates),
            row.reason,
        )
        for row in rows
    ]
    columns = ("id", "row", "file name", "match", "video or candidates", "why")
    print_table(title, columns, table, right=("id",), hint=hint)


@app.command("pin")
def pin(
    row_id: RowArgument,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="The video's path from the archive root, or a unique end of it.")
    ],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Pin a row to its video. The pin overrides every rule until somebody unpins the row.

    Example: pokervod sheets pin 17 "Clips/IMG_4471.MOV" --reason "seen in the titles"
    """
    from pokervod_pipelines.workflows.sheet_decisions import pin_row  # noqa: PLC0415 - it loads many rooms

    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine:
        _print_match(pin_row(engine, settings, row_id=row_id, path=path, actor=actor))


@app.command("unpin")
def unpin(row_id: RowArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Unpin the row and match it again by the rules.

    Example: pokervod sheets unpin 17 --reason "the file name in the sheet is corrected"
    """
    from pokervod_pipelines.workflows.sheet_decisions import unpin_row  # noqa: PLC0415 - it loads many rooms

    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine:
        _print_match(unpin_row(engine, settings, row_id=row_id, actor=actor))


def _print_match(row: listing.ListedRow) -> None:
    answer = f"{row.status} {row.path or ''}".rstrip()
    out.print(f"row {row.id} ({row.sheet} {row.tab} {row.row_number}): {answer}; {row.reason}", markup=False)


@app.command("pins")
def pins(
    sheet: Annotated[str, typer.Argument(help="Only this sheet.")] = "",
    history: Annotated[bool, typer.Option("--history", help="Also superseded pins, and every unpinning.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the pins of rows to videos: who, when and why.

    Example: pokervod sheets pins --history
    """
    settings = load_settings()
    with open_database(settings) as engine:
        listed = [each for each in list_pins(engine, sheet or None) if history or each.is_in_force]
    if sheet and not listed:
        settings.sheet(sheet)
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    table = [
        (
            str(each.row_id),
            f"{each.sheet} {each.tab} {each.row_number}" + ("\nnot in the sheet now" if each.is_retired else ""),
            each.file_name,
            "unpinned" if each.path is None else each.path + ("" if each.is_in_force else "\nsuperseded"),
            "" if each.file_state == "present" else each.file_state,
            each.at,
            each.by,
            each.reason,
        )
        for each in listed
    ]
    columns = ("id", "row", "file name", "video", "file state", "when", "who", "why")
    hint = make_hint(len(listed), first_step="`pokervod sheets pin ROW_ID PATH --reason …` pins a row")
    print_table(count_nouns(len(listed), "pin"), columns, table, right=("id",), hint=hint)
