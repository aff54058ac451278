"""``pokervod clips``: which stretch of which video shows which hand."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pokervod_pipelines.cli.clips_export import export
from pokervod_pipelines.cli.output import print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings

if TYPE_CHECKING:
    from pokervod_pipelines.clips.search import ClipFilter

app = typer.Typer(no_args_is_help=True)


PlayerOption = Annotated[str, typer.Option("--player", "-p", help="With this player; part of a name will do.")]
TagOption = Annotated[str, typer.Option("--tag", "-t", help="With this tag, in any spelling.")]
GradeOption = Annotated[int | None, typer.Option("--grade", "-g", min=1, max=3, help="With so many stars.")]
ProjectOption = Annotated[str, typer.Option("--project", help="Of this project, such as WSOP.")]
SheetOption = Annotated[str, typer.Option("--sheet", help="From this sheet.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


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
    limit: LimitOption = 100,
    as_json: JsonOption = False,
) -> None:
    """List clips, or why a row has none that can be cut.

    Example: pokervod clips list --tag "bad beat" --grade 3
    """
    from pokervod_pipelines.clips.search import ClipFilter  # noqa: PLC0415 - kept out of --help

    wanted = ClipFilter(player=player, tag=tag, grade=grade, project=project, sheet=sheet, has_problem=problems)
    _show(wanted, limit=limit, as_json=as_json)


@app.command("search")
def search(
    query: Annotated[list[str], typer.Argument(help="Words of the title, file, hand, players or tags; all must fit.")],
    grade: GradeOption = None,
    project: ProjectOption = "",
    limit: LimitOption = 100,
    as_json: JsonOption = False,
) -> None:
    """Find clips by any words.

    Example: pokervod clips search rivers hero call --grade 3
    """
    from pokervod_pipelines.clips.search import ClipFilter  # noqa: PLC0415 - kept out of --help

    _show(ClipFilter(query=" ".join(query), grade=grade, project=project), limit=limit, as_json=as_json)


def _show(wanted: "ClipFilter", *, limit: int, as_json: bool) -> None:
    from pokervod_pipelines.clips.grades import format_grade  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.clips.search import list_clips  # noqa: PLC0415
    from pokervod_pipelines.clips.timecode import format_ms  # noqa: PLC0415

    with open_database(load_settings()) as engine, engine.connect() as connection:
        clips = list_clips(connection, wanted, limit=limit)
    if as_json:
        print_json([asdict(clip) for clip in clips])
        return
    rows = [
        (
            clip.id,
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
    print_table(f"{len(clips)} clips", columns, rows, right=("id", "in, out"))


@app.command("tags")
def tags(
    unknown: Annotated[bool, typer.Option("--unknown", help="Only tags that no list knows.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the tags on clips, with how many clips have each.

    Example: pokervod clips tags --unknown
    """
    from pokervod_pipelines.clips.roster import list_tags, list_unknown_tags  # noqa: PLC0415 - kept out of --help

    with open_database(load_settings()) as engine:
        listed = list_unknown_tags(engine) if unknown else list_tags(engine)
    if as_json:
        print_json([asdict(tag) for tag in listed])
        return
    rows = [(tag.category, tag.name, tag.is_known, tag.clips) for tag in listed]
    print_table(f"{len(rows)} tags", ("category", "tag", "known", "clips"), rows, right=("clips",))


app.command("export")(export)
