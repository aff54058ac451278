"""``pokervod clips``: which stretch of which video shows which hand."""

from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.cli.output import print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="The clips that show a hand, with players and tags.")


@app.callback()
def group() -> None:
    """The clips that show a hand, with players and tags."""


@app.command("list")
def list_(
    player: Annotated[str, typer.Option("--player", "-p", help="With this player; part of a name will do.")] = "",
    tag: Annotated[str, typer.Option("--tag", "-t", help="With this tag, in any spelling.")] = "",
    grade: Annotated[int | None, typer.Option("--grade", "-g", min=1, max=3, help="With so many stars.")] = None,
    project: Annotated[str, typer.Option("--project", help="Of this project, such as WSOP.")] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="From this sheet.")] = "",
    problems: Annotated[
        bool | None, typer.Option("--problems/--usable", help="Only those that cannot be cut, or only those that can.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="At most so many.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """List clips, or why a row has none that can be cut.

    Example: pokervod clips list --tag "bad beat" --grade 3
    """
    from pokervod_pipelines.clips.grades import format_grade  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.clips.store import list_clips  # noqa: PLC0415
    from pokervod_pipelines.clips.tags import simplify_tag  # noqa: PLC0415
    from pokervod_pipelines.clips.timecode import format_ms  # noqa: PLC0415

    with open_database(load_settings()) as engine, engine.connect() as connection:
        clips = list_clips(
            connection,
            player=player or None,
            tag=simplify_tag(tag) or None,
            grade=grade,
            project=project or None,
            sheet=sheet or None,
            with_problems=problems,
            limit=limit,
        )
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
    print_table(
        f"{len(clips)} clips",
        ("id", "clip", "in, out", "grade", "hands", "players", "tags"),
        rows,
        right=("id", "in, out"),
    )
