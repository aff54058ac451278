"""Run the commands ``pokervod nas``: the inventory of the archive's disks."""

import shlex
from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.cli.options import (
    ByOption,
    JsonOption,
    LimitOption,
    PreviewOption,
    ReasonOption,
    SinceOption,
    UntilOption,
    print_sources,
    read_actor,
)
from pokervod_pipelines.cli.output import (
    count_nouns,
    human_size,
    make_hint,
    name_failures,
    out,
    print_json,
    print_table,
)
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, Conflict, PokervodError
from pokervod_pipelines.holds.listing import find_holds
from pokervod_pipelines.nas.duplicates import find_duplicates
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.nas.missing import (
    MissingFile,
    clear_missing,
    confirm_loss,
    count_unseen,
    has_files,
    list_clearable,
    list_lost,
    list_missing,
)
from pokervod_pipelines.nas.report import ScanReport
from pokervod_pipelines.nas.retirement import (
    UnconfiguredLibrary,
    find_unconfigured_library,
    list_retirable,
    list_unconfigured_libraries,
    retire_library,
)
from pokervod_pipelines.nas.root_marker import accept_root
from pokervod_pipelines.nas.same_roots import list_same_roots
from pokervod_pipelines.paging import DEFAULT_LIMIT
from pokervod_pipelines.periods import read_period
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.subjects import SubjectKind

app = typer.Typer(no_args_is_help=True)

LibraryOption = Annotated[str, typer.Option("--library", "-l", help="Only this library.")]
FilesLibraryOption = Annotated[str | None, typer.Option("--library", "-l", help="The library of the files.")]
LIST_THEM = "`pokervod nas missing` lists the files."


@app.command("scan")
def scan(library: LibraryOption = "", as_json: JsonOption = False) -> None:
    """Scan the libraries into the inventory, those that a person holds excepted.

    Example: pokervod nas scan --library wsop
    """
    settings = load_settings()
    print_sources(settings)
    reports: list[ScanReport] = []
    failures: dict[str, PokervodError] = {}
    with open_database(settings) as engine:
        if library:
            _require_library(engine, settings, library)
        with engine.connect() as connection:
            holds = find_holds(connection, SubjectKind.LIBRARY)
        held = {name: hold.describe(settings.zone) for name, hold in holds.items()}
        if library in held:
            raise Conflict(f"{library} is {held[library]}; first `pokervod release library {library}`")
        names = [library] if library else [each.name for each in settings.libraries]
        for name in [each for each in names if each not in held]:
            try:
                reports.append(scan_library(engine, settings, name, correlation_id=new_correlation_id()))
            except PokervodError as error:
                failures[name] = error
        with engine.connect() as connection:
            notes = [f"{name} is {held[name]}" for name in names if name in held]
            notes += [*list_same_roots(connection, settings), _describe_unconfigured(connection, settings)]
    failed = name_failures(failures.items())
    if as_json:
        print_json({"libraries": [_make_document(report) for report in reports], "failed": failed})
    else:
        _print_reports(reports)
        for note in filter(None, notes):
            out.print(note, markup=False)
    for failure in failures.values():
        raise type(failure)("\n".join(failed))


def _print_reports(reports: list[ScanReport]) -> None:
    if not reports:
        return
    columns = ("library", "seen", "added", "changed", "moved", "removed", "unchanged", "held", "missing", "seconds")
    rows = [[getattr(report, column, report.library) for column in columns[:-1]] for report in reports]
    rows = [[*row, f"{report.seconds:.2f}"] for row, report in zip(rows, reports, strict=True)]
    print_table("Scanned", columns, rows, right=columns[1:])
    for report in reports:
        for problem in report.problems[:10]:
            out.print(f"  {report.library}: {problem}", markup=False)


def _make_document(report: ScanReport) -> dict[str, Any]:
    return asdict(report) | {"problems": [(problem.where, problem.what) for problem in report.problems]}


def _require_library(engine: Engine, settings: Settings, name: str) -> None:
    """Raise the error of a library that is not in the settings; say what to do with one that is only stored."""
    if any(each.name == name for each in settings.libraries):
        return
    with engine.connect() as connection:
        if any(each.library == name for each in list_unconfigured_libraries(connection, settings)):
            raise BadInput(
                f"{name}: no longer in the settings. Add it to `libraries` there to scan it, or retire its files: "
                f"`pokervod nas retire {name} --preview`"
            )
    settings.library(name)


def _describe_unconfigured(connection: Connection, settings: Settings) -> str:
    """Return a line about the files of libraries that are no longer in the settings, "" where there are none."""
    found = list_unconfigured_libraries(connection, settings)
    if not found:
        return ""
    names = " ".join(shlex.quote(each.library) for each in found)
    listed = ", ".join(f"{each.library} ({count_nouns(each.files, 'file')})" for each in found)
    return (
        f"No longer in the settings: {listed}. Retire with `pokervod nas retire {names} --reason …` "
        "(first `--preview`), or add again."
    )


@app.command("missing")
def missing(
    library: LibraryOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    limit: LimitOption = DEFAULT_LIMIT,
    as_json: JsonOption = False,
) -> None:
    """List missing files: how many of each library, then each since when, and what depends on it.

    JSON has all of them, whatever the limit.

    Example: pokervod nas missing --library wsop --since yesterday
    """
    settings = load_settings()
    with open_database(settings) as engine:
        files = list_missing(engine, library or None, read_period(since, until, settings.zone))
        is_scanned = bool(files) or has_files(engine)
        if library and not files:
            _require_library(engine, settings, library)
        with engine.connect() as connection:
            unconfigured = _describe_unconfigured(connection, settings)
    if as_json:
        print_json([asdict(file) for file in files])
        return
    if files:
        _print_sums(files, limit)
        hint = _advise(files, limit)
    elif is_scanned and not (library or since or until):
        known = "Every known file of the libraries in the settings" if unconfigured else "Every known file"
        hint = f"{known} is there; `pokervod nas scan` looks again."
    else:
        hint = make_hint(0, are_others=is_scanned, first_step="`pokervod nas scan` reads the archive")
    what = "missing" if len(files) <= limit else "missing longest"
    _print_files(files[:limit], what, "\n".join(filter(None, (unconfigured, hint))))


def _print_sums(files: list[MissingFile], limit: int) -> None:
    """Print how many files of each library are missing, or only were not seen, where the list does not show it well."""
    groups: dict[tuple[str, str], list[MissingFile]] = {}
    for file in files:
        groups.setdefault((file.library, file.state), []).append(file)
    if len(groups) == 1 and len(files) <= limit:
        return
    rows = [
        (*key, len(each), human_size(sum(file.size for file in each)), min(file.since for file in each))
        for key, each in sorted(groups.items())
    ]
    columns = ("library", "state", "files", "size", "first since")
    print_table(f"{count_nouns(len(files), 'file')} missing", columns, rows, right=("files", "size"))


def _advise(files: list[MissingFile], limit: int) -> str:
    """Return what to do, where it is seen last, and how many files the limit left out."""
    unseen = sum(file.state == "unseen" for file in files)
    lines = [
        f"{len(files) - limit:,} more; a larger --limit shows them." if len(files) > limit else "",
        "Restore what is missing, or `pokervod nas clear` removes it from the catalog." if unseen < len(files) else "",
        f"{unseen:,} of them only not seen: mount the share, then scan again." if unseen else "",
    ]
    return "\n".join(filter(None, lines))


def _print_files(files: list[MissingFile], what: str, hint: str = "") -> None:
    columns = ("library", "path", "state", "since", "size", "episodes", "clips")
    rows = [(f.library, f.path, f.state, f.since, human_size(f.size), f.episodes, f.clips) for f in files]
    title = f"{count_nouns(len(files), 'file')} {what}"
    print_table(title, columns, rows, right=("size", "episodes", "clips"), hint=hint)


@app.command("clear")
def clear(
    library: FilesLibraryOption = None,
    below: Annotated[str | None, typer.Option("--below", help="A folder or file, from the archive root.")] = None,
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    by: ByOption = "",
) -> None:
    """Record that missing files were deleted on purpose. Their rows are kept; the action is audited.

    Example: pokervod nas clear --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --preview

    Example: pokervod nas clear --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --reason "re-cut"
    """
    library, below = _require(library, below)
    settings = load_settings()
    with open_database(settings) as engine:
        if preview:
            _require_library(engine, settings, library)
            _print_files(list_clearable(engine, library=library, below=below), "would be cleared")
            return
        count = clear_missing(engine, library=library, below=below, actor=read_actor(by, reason))
        unseen = 0 if count else count_unseen(engine, library=library, below=below)
        if not count:
            _require_library(engine, settings, library)
    if not count:
        raise BadInput(f"no missing file of {library} is below {below!r}; nothing changed. {_say_next(unseen)}")
    out.print(f"{count_nouns(count, 'missing file')} cleared")


def _require(library: str | None, below: str | None) -> tuple[str, str]:
    """Return both; raise ``BadInput`` with all that are missing at once."""
    if library is not None and below is not None:
        return library, below
    names = [f"'{name}'" for name, given in (("--library", library), ("--below", below)) if given is None]
    noun = "option" if len(names) == 1 else "options"
    raise BadInput(f"Missing {noun} {' and '.join(names)}. {LIST_THEM}")


def _say_next(unseen: int) -> str:
    if not unseen:
        return LIST_THEM
    return f"The last scan did not see {count_nouns(unseen, 'file')} there: mount the share, then scan again"


@app.command("confirm-loss")
def confirm(
    library: FilesLibraryOption = None,
    below: Annotated[
        str | None, typer.Option("--below", help="The folder that was deleted on purpose, from the archive root.")
    ] = None,
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    by: ByOption = "",
) -> None:
    """Confirm that files a scan held back (suspected mount failure) were deleted on purpose.

    Example: pokervod nas confirm-loss --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --preview

    Example: pokervod nas confirm-loss --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --reason "on tape"
    """
    library, below = _require(library, below)
    settings = load_settings()
    with open_database(settings) as engine:
        _require_library(engine, settings, library)
        if preview:
            _print_files(list_lost(engine, settings, library=library, below=below), "would be confirmed as lost")
            return
        count = confirm_loss(engine, settings, library=library, below=below, actor=read_actor(by, reason))
    if not count:
        raise BadInput(f"no file of {library} that a scan held back is below {below!r}; nothing changed. {LIST_THEM}")
    out.print(f"{count_nouns(count, 'file')} now missing; `pokervod nas clear` removes them from the catalog")


@app.command("retire")
def retire(
    libraries: Annotated[
        list[str], typer.Argument(metavar="LIBRARY", help="No longer in the settings; `nas scan` names them.")
    ],
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    by: ByOption = "",
) -> None:
    """Retire the files of libraries that were removed from the settings. Rows are kept; the action is audited.

    In the settings again, a library is scanned and its files return with their ids.

    Example: pokervod nas retire wsop --preview

    Example: pokervod nas retire wsop --reason "the share is the root nas now"
    """
    settings, names = load_settings(), [*dict.fromkeys(libraries)]
    with open_database(settings) as engine:
        with engine.connect() as connection:
            found = [find_unconfigured_library(connection, settings, name) for name in names]
            listed = [each for name in names for each in list_retirable(connection, settings, name)] if preview else []
        if preview:
            _print_files(listed, f"would be retired: {', '.join(map(_describe_place, found))}")
            return
        actor = read_actor(by, reason)
        retired = [retire_library(engine, settings, name, actor=actor) for name in names]
    for each in retired:
        out.print(f"{count_nouns(each.files, 'file')} of {each.library} retired", markup=False)
    out.print("`pokervod sync` builds the catalog without them", markup=False)


def _describe_place(library: UnconfiguredLibrary) -> str:
    noun = "root" if len(library.roots) == 1 else "roots"
    return f"{library.library} of {noun} {', '.join(library.roots)}"


@app.command("accept-folder")
def accept_folder(
    root: Annotated[str, typer.Option("--root", help="The name of the archive root in the settings.")],
    reason: ReasonOption = "",
    by: ByOption = "",
) -> None:
    """Accept an archive root as it is mounted now, where its marker is missing or that of another one.

    Without the known marker nothing is read there: it may be the folder below an unmounted share.

    Example: pokervod nas accept-folder --root sample --reason "moved to the new share"
    """
    settings = load_settings()
    accepted, actor = settings.root(root), read_actor(by, reason)
    with open_database(settings) as engine:
        marker = accept_root(engine, accepted, settings.scan.stall_seconds, actor=actor)
    without = "" if marker else " without a marker, since it cannot be written to"
    out.print(f"{accepted.path} is accepted{without}; `pokervod nas scan` reads it again", markup=False)


@app.command("duplicates")
def duplicates(since: SinceOption = "", until: UntilOption = "", as_json: JsonOption = False) -> None:
    """List the same content in several places, and the same name with different content.

    `--since` lists those with a file that came since then.

    Example: pokervod nas duplicates --since yesterday
    """
    settings = load_settings()
    with open_database(settings) as engine:
        groups = find_duplicates(engine, settings, read_period(since, until, settings.zone))
        with engine.connect() as connection:
            unconfigured = _describe_unconfigured(connection, settings)
    if as_json:
        print_json([asdict(group) for group in groups])
        return
    rows = [(group.kind, human_size(group.size), "\n".join(group.paths)) for group in groups]
    columns = ("kind", "size", "paths")
    print_table(count_nouns(len(groups), "group"), columns, rows, right=("size",), hint=unconfigured)
