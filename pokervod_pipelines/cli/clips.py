"""Define ``pokervod clips``: list, search, export and edit the clips that show a hand."""

from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.cli.clips_edit import create, decisions, tag, undo
from pokervod_pipelines.cli.clips_export import export
from pokervod_pipelines.cli.known import require_known_filters
from pokervod_pipelines.cli.options import JsonOption, LimitOption, SinceOption, UntilOption
from pokervod_pipelines.cli.output import count_listed, count_nouns, make_hint, print_json, print_table
from pokervod_pipelines.cli.stale_sheets import note_stale_sheets
from pokervod_pipelines.clips.grades import format_grade
from pokervod_pipelines.clips.roster import list_tags, list_unknown_tags
from pokervod_pipelines.clips.search import ClipFilter, list_clips
from pokervod_pipelines.clips.timecode import format_ms
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.paging import DEFAULT_LIMIT, Page
from pokervod_pipelines.periods import read_period
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

FIRST_STEP = "`pokervod sync` makes the clips of the sheets"

PlayerOption = Annotated[
    str, typer.Option("--player", "-p", help="Only with this player; a part of the name is enough.")
]
TagOption = Annotated[str, typer.Option("--tag", "-t", help="Only with this tag, in any spelling.")]
GradeOption = Annotated[int | None, typer.Option("--grade", "-g", min=1, max=3, help="Only with this number of stars.")]
ProjectOption = Annotated[str, typer.Option("--project", help="Only of this project, such as WSOP.")]
SheetOption = Annotated[str, typer.Option("--sheet", help="Only from this sheet.")]


@app.command("list")
def list_(
    player: PlayerOption = "",
    tag: TagOption = "",
    grade: GradeOption = None,
    project: ProjectOption = "",
    sheet: SheetOption = "",
    problems: Annotated[
        bool | None, typer.Option("--problems/--usable", help="Only those that cannot be cut, or only those that can.")
    ] = None,
    since: SinceOption = "",
    until: UntilOption = "",
    limit: LimitOption = DEFAULT_LIMIT,
    as_json: JsonOption = False,
) -> None:
    """List clips, and why a clip cannot be cut.

    Example: pokervod clips list --tag "bad beat" --grade 3

    Example: pokervod clips list --since yesterday
    """
    filters = ClipFilter(
        player=player,
        tag=tag,
        grade=grade,
        project=project,
        sheet=sheet,
        has_problem=problems,
        period=read_period(since, until, load_settings().zone),
    )
    _print_clips(filters, limit=limit, as_json=as_json)


@app.command("search")
def search(
    query: Annotated[
        list[str], typer.Argument(help="Words of the title, file, hand, players or tags; a clip must have all.")
    ],
    grade: GradeOption = None,
    project: ProjectOption = "",
    limit: LimitOption = DEFAULT_LIMIT,
    as_json: JsonOption = False,
) -> None:
    """Find clips by any words.

    Example: pokervod clips search underhill hero call --grade 3
    """
    _print_clips(ClipFilter(query=" ".join(query), grade=grade, project=project), limit=limit, as_json=as_json)


def _print_clips(filters: ClipFilter, *, limit: int, as_json: bool) -> None:
    settings = load_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        clips = list_clips(connection, filters, Page(limit=limit))
        if not clips:
            require_known_filters(engine, settings, filters)
        are_others = not clips and bool(list_clips(connection, ClipFilter(), Page(limit=1)))
        note = note_stale_sheets(connection, {clip.sheet for clip in clips})
    if as_json:
        print_json([asdict(clip) for clip in clips])
        return
    rows = [
        (
            str(clip.id),
            clip.title if clip.problem is None else f"{clip.title}\n! {clip.problem}",
            f"{format_ms(clip.in_ms)}\n{format_ms(clip.out_ms)}" if clip.in_ms is not None and clip.out_ms else "",
            format_grade(clip.grade) if clip.grade else "",
            clip.hands,
            ", ".join(clip.players),
            ", ".join(clip.tags),
        )
        for clip in clips
    ]
    columns = ("id", "clip", "in, out", "grade", "hands", "players", "tags")
    hint = make_hint(len(clips), limit=limit, are_others=are_others, first_step=FIRST_STEP)
    title, below = count_listed(len(clips), "clip", limit), "\n".join(filter(None, (hint, note)))
    print_table(title, columns, rows, right=("id", "in, out"), hint=below)


@app.command("tags")
def tags(
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Only tags that are not in the list of known tags.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the tags on clips, with how many clips have each.

    Example: pokervod clips tags --unknown
    """
    with open_database(load_settings()) as engine:
        listed = list_unknown_tags(engine) if unknown else list_tags(engine)
    if as_json:
        print_json([asdict(tag) for tag in listed])
        return
    rows = [(tag.category, tag.name, tag.is_known, tag.clips) for tag in listed]
    hint = "" if rows else "Every tag is known." if unknown else make_hint(0, first_step=FIRST_STEP)
    print_table(count_nouns(len(rows), "tag"), ("category", "tag", "known", "clips"), rows, right=("clips",), hint=hint)


app.command("export")(export)
app.command("create")(create)
app.command("tag")(tag)
app.command("undo")(undo)
app.command("decisions")(decisions)
