"""Run the commands ``pokervod nas``: the inventory of the archive's disks."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.cli.options import (
    ByOption,
    JsonOption,
    PreviewOption,
    ReasonOption,
    SinceOption,
    UntilOption,
    print_sources,
    read_actor,
)
from pokervod_pipelines.cli.output import count_nouns, human_size, out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, PokervodError
from pokervod_pipelines.nas.duplicates import find_duplicates
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.nas.missing import (
    MissingFile,
    clear_missing,
    confirm_loss,
    count_unseen,
    list_clearable,
    list_lost,
    list_missing,
)
from pokervod_pipelines.nas.report import ScanReport
from pokervod_pipelines.nas.root_marker import accept_root
from pokervod_pipelines.periods import read_period
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

LibraryOption = Annotated[str, typer.Option("--library", "-l", help="Only this library.")]
LIST_THEM = "`pokervod nas missing` lists them."


@app.command("scan")
def scan(library: LibraryOption = "", as_json: JsonOption = False) -> None:
    """Scan the libraries into the inventory.

    Example: pokervod nas scan --library wsop
    """
    settings = load_settings()
    names = [settings.library(library).name] if library else [each.name for each in settings.libraries]
    print_sources(settings)
    reports, failures = [], []
    with open_database(settings) as engine:
        for name in names:
            try:
                reports.append(scan_library(engine, settings, name, correlation_id=new_correlation_id()))
            except PokervodError as error:
                failures.append(error)
                out.print(f"[bold red]{name}:[/] {str(error).replace('[', chr(92) + '[')}") if not as_json else None
    if as_json:
        print_json(
            {"libraries": [_make_document(report) for report in reports], "failed": [str(each) for each in failures]}
        )
    else:
        columns = ("library", "seen", "added", "changed", "moved", "removed", "unchanged", "held", "missing", "seconds")
        rows = [[getattr(report, column, report.library) for column in columns[:-1]] for report in reports]
        rows = [[*row, f"{report.seconds:.2f}"] for row, report in zip(rows, reports, strict=True)]
        print_table("Scanned", columns, rows, right=columns[1:])
        for report in reports:
            for problem in report.problems[:10]:
                out.print(f"  {report.library}: {problem}", markup=False)
    if failures:
        raise failures[0]


def _make_document(report: ScanReport) -> dict[str, Any]:
    return asdict(report) | {"problems": [(problem.where, problem.what) for problem in report.problems]}


@app.command("missing")
def missing(
    library: LibraryOption = "", since: SinceOption = "", until: UntilOption = "", as_json: JsonOption = False
) -> None:
    """List missing files: since when, and what depends on them.

    Example: pokervod nas missing --library wsop --since yesterday
    """
    settings = load_settings()
    with open_database(settings) as engine:
        files = list_missing(engine, library or None, read_period(since, until, settings.zone))
    if library and not files:
        settings.library(library)
    if as_json:
        print_json([asdict(file) for file in files])
        return
    unseen = sum(file.state == "unseen" for file in files)
    advice = f", {unseen} of them only not seen: mount the share, then scan again" if unseen else ""
    _print_files(files, f"missing{advice}")


def _print_files(files: list[MissingFile], what: str) -> None:
    columns = ("library", "path", "state", "since", "size", "episodes", "clips")
    rows = [(f.library, f.path, f.state, f.since, human_size(f.size), f.episodes, f.clips) for f in files]
    print_table(f"{count_nouns(len(files), 'file')} {what}", columns, rows, right=("size", "episodes", "clips"))


@app.command("clear")
def clear(
    library: Annotated[str, typer.Option("--library", "-l", help="The library of the files.")],
    below: Annotated[str, typer.Option("--below", help="A folder or file, from the archive root.")],
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    by: ByOption = "",
) -> None:
    """Record that missing files were deleted on purpose. Their rows are kept; the action is audited.

    Example: pokervod nas clear --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --preview

    Example: pokervod nas clear --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --reason "re-cut"
    """
    settings = load_settings()
    with open_database(settings) as engine:
        if preview:
            settings.library(library)
            _print_files(list_clearable(engine, library=library, below=below), "would be cleared")
            return
        count = clear_missing(engine, library=library, below=below, actor=read_actor(by, reason))
        unseen = 0 if count else count_unseen(engine, library=library, below=below)
    if not count:
        settings.library(library)
        raise BadInput(f"no missing file of {library} is below {below!r}; nothing changed. {_say_next(unseen)}")
    out.print(f"{count_nouns(count, 'missing file')} cleared")


def _say_next(unseen: int) -> str:
    if not unseen:
        return LIST_THEM
    return f"The last scan did not see {count_nouns(unseen, 'file')} there: mount the share, then scan again"


@app.command("confirm-loss")
def confirm(
    library: Annotated[str, typer.Option("--library", "-l", help="The library of the files.")],
    below: Annotated[
        str, typer.Option("--below", help="The folder that was deleted on purpose, from the archive root.")
    ],
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    by: ByOption = "",
) -> None:
    """Confirm that files a scan held back (suspected mount failure) were deleted on purpose.

    Example: pokervod nas confirm-loss --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --preview

    Example: pokervod nas confirm-loss --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --reason "on tape"
    """
    settings = load_settings()
    with open_database(settings) as engine:
        if preview:
            _print_files(list_lost(engine, settings, library=library, below=below), "would be confirmed as lost")
            return
        count = confirm_loss(engine, settings, library=library, below=below, actor=read_actor(by, reason))
    if not count:
        raise BadInput(f"no file of {library} that a scan held back is below {below!r}; nothing changed. {LIST_THEM}")
    out.print(f"{count_nouns(count, 'file')} now missing; `pokervod nas clear` removes them from the catalog")


@app.command("accept-folder")
def accept_folder(
    library: Annotated[str, typer.Option("--library", "-l", help="A library of the archive root.")],
    reason: ReasonOption = "",
    by: ByOption = "",
) -> None:
    """Accept a library's archive root as it is mounted now, where its marker is missing or another one.

    Without the marker nothing is read there: it may be the folder below an unmounted share.

    Example: pokervod nas accept-folder --library wsop --reason "moved to the new share"
    """
    settings = load_settings()
    configured = settings.library(library)
    with open_database(settings) as engine:
        marker = accept_root(engine, settings, configured, actor=read_actor(by, reason))
    without = "" if marker else "; it cannot be written to, so it has no marker"
    root = settings.root_of(configured).path
    out.print(f"{root} is accepted{without}; scan it: pokervod nas scan --library {library}", markup=False)


@app.command("duplicates")
def duplicates(since: SinceOption = "", until: UntilOption = "", as_json: JsonOption = False) -> None:
    """List the same content in several places, and the same name with different content.

    `--since` lists those with a file that came since then.

    Example: pokervod nas duplicates --since yesterday
    """
    settings = load_settings()
    with open_database(settings) as engine:
        groups = find_duplicates(engine, read_period(since, until, settings.zone))
    if as_json:
        print_json([asdict(group) for group in groups])
        return
    rows = [(group.kind, human_size(group.size), "\n".join(group.paths)) for group in groups]
    print_table(count_nouns(len(groups), "group"), ("kind", "size", "paths"), rows, right=("size",))
