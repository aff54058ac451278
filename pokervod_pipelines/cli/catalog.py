"""Define ``pokervod catalog``: search and correct projects, seasons, events, episodes and their files."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from pokervod_pipelines.catalog.copies import find_copies
from pokervod_pipelines.catalog.correctable import Value
from pokervod_pipelines.catalog.correction_store import Correction
from pokervod_pipelines.catalog.corrections import correct_file, list_corrections, undo_correction
from pokervod_pipelines.catalog.creation import is_creation, undo_entry
from pokervod_pipelines.catalog.search import SearchResult, search_catalog
from pokervod_pipelines.catalog.tree import explain_file, read_stats, read_tree
from pokervod_pipelines.catalog.tree_store import YearStats
from pokervod_pipelines.cli.catalog_create import create, created, describe_entry
from pokervod_pipelines.cli.catalog_tree import print_tree
from pokervod_pipelines.cli.known import require_known, require_known_player, require_known_project
from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, human_size, make_hint, out, print_json, print_record, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

FIRST_STEP = "`pokervod sync` builds the catalog"

FACETS_SHOWN = 8
"""Values of a facet, the most frequent."""

PathArgument = Annotated[str, typer.Argument(metavar="PATH", help="A file, from the archive root; or its id.")]


@app.command("search")
def search(
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY…", help="Words in any order.")] = None,
    project: Annotated[str, typer.Option("--project", help="Only of this project, such as WSOP.")] = "",
    year: Annotated[int | None, typer.Option("--year", min=1900, max=2100, help="Only of this year.")] = None,
    game: Annotated[str, typer.Option("--game", help="Only of this game, such as PLO.")] = "",
    stage: Annotated[str, typer.Option("--stage", help="Only of this stage, such as final_table.")] = "",
    version: Annotated[str, typer.Option("--version", help="Only of this cut, such as clean.")] = "",
    player: Annotated[
        str, typer.Option("--player", "-p", help="Only with this player; a part of the name is enough.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="Show at most this many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Find files by whatever words you remember, whole or begun, even with a typing error.

    Example: pokervod catalog search razz ft --project WSOP
    """
    with open_database(load_settings()) as engine:
        result = search_catalog(
            engine,
            " ".join(query or ()),
            project=project or None,
            year=year,
            game=game or None,
            stage=stage or None,
            version=version or None,
            player=player or None,
            limit=limit,
        )
        if not result.total:
            _require_known_filters(engine, player, project=project, game=game, stage=stage, version=version)
        are_others = not result.total and bool(search_catalog(engine, "", limit=0).total)
    if as_json:
        print_json(asdict(result))
        return
    _print_result(result, are_others=are_others)


def _print_result(result: SearchResult, *, are_others: bool) -> None:
    rows = [(f"{hit.title}\n{hit.path}", hit.version, human_size(hit.size), hit.state) for hit in result.hits]
    shown, hint = "", "" if result.total else make_hint(0, are_others=are_others, first_step=FIRST_STEP)
    if len(rows) < result.total:
        shown, hint = f", the best {len(rows)}", "A larger --limit shows more."
    print_table(
        f"{count_nouns(result.total, 'file')}{shown}",
        ("file", "version", "size", "state"),
        rows,
        right=("size",),
        hint=hint,
    )
    if result.with_typos:
        out.print("no file has all these words; the hits have words one typing error away")
    facets = {facet: sorted(counts.items(), key=lambda count: -count[1]) for facet, counts in result.facets.items()}
    print_record(
        {
            facet: ", ".join(f"{label} ({count:,})" for label, count in best[:FACETS_SHOWN])
            for facet, best in facets.items()
            if len(best) > 1
        }
    )


def _require_known_filters(engine: Engine, player: str, **filters: str) -> None:
    """Raise ``BadInput`` for a filter that no file has, so that nothing found is told from nothing there."""
    known = search_catalog(engine, "", limit=0).facets
    for name, value in filters.items():
        require_known(name, value, known[name])
    if player and not search_catalog(engine, "", player=player, limit=0).total:
        require_known_player(engine, player)


@app.command("tree")
def tree(
    project: Annotated[str, typer.Argument(metavar="[PROJECT]", help="Only this project.")] = "",
    episodes: Annotated[bool, typer.Option("--episodes", "-e", help="Also episodes and their versions.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show projects, seasons and events, with the number of programmes and files.

    Example: pokervod catalog tree PAD --episodes
    """
    with open_database(load_settings()) as engine:
        shows = read_tree(engine, project.upper() or None)
        if not shows:
            require_known_project(engine, project)
    if as_json:
        print_json([asdict(show) for show in shows])
        return
    print_tree(shows, with_episodes=episodes)
    if not shows:
        out.print(make_hint(0, first_step=FIRST_STEP))


@app.command("stats")
def stats(as_json: JsonOption = False) -> None:
    """Show files, programmes, hours, terabytes and clips of each project and year.

    Example: pokervod catalog stats
    """
    with open_database(load_settings()) as engine:
        years = read_stats(engine)
    if as_json:
        print_json([asdict(year) for year in years])
        return
    figures = ("files", "programmes", "hours", "TB", "clips", "missing")
    rows = [_make_stats_row(year) for year in years]
    totals = [sum(getattr(year, name) for year in years) for name in ("files", "episodes", "clips", "missing")]
    hours, terabytes = sum(year.hours for year in years), sum(year.terabytes for year in years)
    rows.append(("all", "", *totals[:2], f"{hours:,.1f}", f"{terabytes:.2f}", *totals[2:]))
    hint = make_hint(len(years), first_step=FIRST_STEP)
    print_table("Catalog", ("project", "year", *figures), rows, right=figures, hint=hint)
    if unmeasured := sum(year.files - year.measured for year in years):
        out.print(f"hours exclude {unmeasured:,} files of unknown duration")


@app.command("correct")
def correct(
    path: PathArgument,
    field: Annotated[str, typer.Argument(metavar="FIELD", help="project, year, season, event, episode, title …")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help='The correct value; "none" for unknown.')],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Correct a field of a file. The correction wins over every rule until somebody undoes it.

    Example: pokervod catalog correct "Clips/IMG_4471.MOV" project WSOP --reason "seen in the titles"
    """
    with open_database(load_settings()) as engine:
        row = correct_file(
            engine,
            path_or_id=int(path) if path.isdecimal() else path,
            field=field,
            value=value,
            actor=read_actor(by, reason),
        )
    out.print(
        f"correction {row.id}: {row.field} of {row.path} is {_show(row.value)}, was {_show(row.before)}", markup=False
    )


@app.command("corrections")
def corrections(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="Only of the file at this path.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the corrections: who, when, why, before and after.

    Example: pokervod catalog corrections
    """
    with open_database(load_settings()) as engine:
        history = list_corrections(engine, path or None)
        if path and not history:
            explain_file(engine, path)  # refuses an unknown path
    if as_json:
        print_json([asdict(row) for row in history])
        return
    rows = [
        (
            str(row.id),
            row.at,
            row.by,
            row.path,
            row.field,
            _show(row.before),
            _show(row.value),
            _describe_state(row),
            row.reason,
        )
        for row in history
    ]
    columns = ("id", "when", "who", "file", "field", "before", "after", "", "why")
    first_step = "`pokervod catalog correct` corrects a fact of a file"
    hint = make_hint(len(rows), first_step=first_step)
    print_table(count_nouns(len(rows), "correction"), columns, rows, right=("id",), hint=hint)


@app.command("undo")
def undo(
    decision: Annotated[int, typer.Argument(metavar="ID", help="As `corrections` or `created` lists it.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Undo a correction: an older one of the field counts again, or the rules. Or undo that something was created.

    Example: pokervod catalog undo 1 --reason "it was another show after all"
    """
    with open_database(load_settings()) as engine:
        if is_creation(engine, decision):
            report = undo_entry(engine, decision, actor=read_actor(by, reason))
            end = "it stays for what it has" if report.is_there else "it left the catalog"
            out.print(f"{describe_entry(report)}; {end}", markup=False)
            return
        row = undo_correction(engine, decision, actor=read_actor(by, reason))
    out.print(f"{row.field} of {row.path} is {_show(row.value)} again, was {_show(row.before)}", markup=False)


@app.command("explain")
def explain(path: PathArgument, as_json: JsonOption = False) -> None:
    """Explain where a file is in the catalog, and which words or corrections put it there.

    Example: pokervod catalog explain "Clips/IMG_4471.MOV"
    """
    with open_database(load_settings()) as engine:
        known = explain_file(engine, int(path) if path.isdecimal() else path)
    if as_json:
        print_json(asdict(known) | {"findings": [finding._asdict() for finding in known.findings]})
        return
    out.print(f"{known.title or known.path}", markup=False)
    for _, title, keys in known.episodes:
        out.print(f"  in {title}  ({keys})", markup=False)
    if known.reason:
        out.print(f"  because {known.reason}", markup=False)
    rows = [(f.field, _show(f.value), f.source, f.text, f.rule) for f in known.findings]
    print_table("Facts", ("fact", "value", "source", "words", "rule"), rows)


@app.command("copies")
def copies(as_json: JsonOption = False) -> None:
    """List videos that seem to be the same content, and copies whose names contradict each other.

    Example: pokervod catalog copies
    """
    with open_database(load_settings()) as engine:
        groups = find_copies(engine)
    if as_json:
        print_json([asdict(group) | {"spare": group.spare} for group in groups])
        return
    rows = [
        (
            group.kind.replace("_", " "),
            human_size(group.size),
            group.evidence,
            "\n".join(f"{file.claim}: {file.path}" if file.claim else file.path for file in group.files),
        )
        for group in groups
    ]
    hint = "" if groups else "No content was found in several places."
    columns = ("kind", "size", "evidence", "files")
    print_table(count_nouns(len(groups), "group"), columns, rows, right=("size",), hint=hint)


def _make_stats_row(year: YearStats) -> tuple[Any, ...]:
    when = str(year.year) if year.year else "unknown"
    figures = (year.files, year.episodes, f"{year.hours:,.1f}", f"{year.terabytes:.2f}", year.clips, year.missing)
    return year.project, when, *figures


def _show(value: Value | tuple[str, ...]) -> str:
    if value is None:
        return "not known"
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def _describe_state(row: Correction) -> str:
    """Return whether the correction counts."""
    if row.undoes is not None:
        return f"undoes {row.undoes}"
    if row.undone_by is not None:
        return "undone"
    return "in force" if row.is_in_force else "replaced"


app.command("create")(create)
app.command("created")(created)
