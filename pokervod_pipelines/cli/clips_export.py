"""Define ``pokervod clips export``: write clips as lists for editing programs, or cut them as media."""

import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from pokervod_pipelines.cli.known import require_known_filters
from pokervod_pipelines.cli.options import write_to
from pokervod_pipelines.cli.output import count_nouns, err, out
from pokervod_pipelines.clips.export.collect import collect_clips, collect_listed_clips
from pokervod_pipelines.clips.export.lists import ListFormat, read_rate, write_lists
from pokervod_pipelines.clips.export.output_files import make_file_names, save_list
from pokervod_pipelines.clips.export.timeline import ClipEntry, ExportClip
from pokervod_pipelines.clips.search import ClipFilter, list_clips
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, PokervodError
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings, load_settings


class Format(StrEnum):
    """Choose what is written."""

    EDL = "edl"
    FCPXML = "fcpxml"
    OTIO = "otio"
    CSV = "csv"
    MEDIA = "media"


class Mode(StrEnum):
    """Choose how media is cut: ``exact`` encodes again, ``fast`` copies from the key frame before (``CutMode``)."""

    EXACT = "exact"
    FAST = "fast"


def export(
    target: Annotated[Path, typer.Argument(help="Folder to write into.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="What to write.")] = Format.EDL,
    query: Annotated[str, typer.Option("--query", "-q", help="Only clips with all these words.")] = "",
    player: Annotated[
        str, typer.Option("--player", "-p", help="Only with this player; a part of the name is enough.")
    ] = "",
    tag: Annotated[str, typer.Option("--tag", "-t", help="Only with this tag, in any spelling.")] = "",
    grade: Annotated[
        int | None, typer.Option("--grade", "-g", min=1, max=3, help="Only with this number of stars.")
    ] = None,
    project: Annotated[str, typer.Option("--project", help="Only of this project, such as WSOP.")] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="Only from this sheet.")] = "",
    title: Annotated[str, typer.Option("--title", help="Name of the lists.")] = "pokervod",
    assume_rate: Annotated[
        str, typer.Option(help="Frames a second of videos with an unknown rate, such as 25 or 30000/1001.")
    ] = "",
    handles: Annotated[int, typer.Option(min=0, help="Extra frames at both ends (media).")] = 0,
    mode: Annotated[Mode, typer.Option(help="Cut exactly to the frame, or fast at key frames (media).")] = Mode.EXACT,
) -> None:
    """Write the clips of a search as lists for an editing program, or cut them as media.

    A list has one frame rate, so clips of several rates make several lists.

    Example: pokervod clips export edit/ --format fcpxml --player Underhill
    """
    settings = load_settings()
    filters = ClipFilter(
        query=query, player=player, tag=tag, grade=grade, project=project, sheet=sheet, has_problem=False
    )
    rate = _read_rate(assume_rate)
    collect = collect_listed_clips if form is Format.CSV else collect_clips
    with open_database(settings) as engine, engine.connect() as connection:
        listed = list_clips(connection, filters)
        if not listed:
            require_known_filters(engine, settings, filters)
            raise BadInput("no usable clip matches, so nothing was written. List them with `pokervod clips list`.")
        clips, problems = collect(connection, [clip.id for clip in listed], _roots(settings), assumed_rate=rate)
    _print_problems(problems)
    if problems and form is not Format.CSV:
        err.print("a CSV needs no frame rate and no readable video: --format csv")
    if not clips:
        raise BadInput("none of the clips found can be exported, so nothing was written. Correct what is said above.")
    failed = 0
    with write_to(target):
        target.mkdir(parents=True, exist_ok=True)
        if form is Format.MEDIA:
            rated = [clip for clip in clips if isinstance(clip, ExportClip)]
            failed = _cut_all(rated, target, mode=mode, handles=handles)
        else:
            _write_lists(clips, target, ListFormat(form), title)
    out.print(f"{len(clips) - failed:,} of {count_nouns(len(listed), 'clip')} exported to {target}", markup=False)
    if failed:
        raise typer.Exit(1)


def _roots(settings: Settings) -> dict[str, Path]:
    return {root.name: root.path for root in settings.archive_roots}


def _read_rate(written: str) -> Fraction | None:
    try:
        return read_rate(written)
    except BadInput as error:
        raise typer.BadParameter(str(error)) from None


def _write_lists(clips: Sequence[ClipEntry], target: Path, form: ListFormat, title: str) -> None:
    for each in write_lists(clips, form, title):
        save_list(each.text, target / each.name)
        rate = f" at {each.timebase}" if each.timebase else ""
        out.print(f"{target / each.name}: {count_nouns(each.clips, 'clip')}{rate}", markup=False)


def _cut_all(clips: list[ExportClip], target: Path, *, mode: Mode, handles: int) -> int:
    """Cut every clip, or print why it cannot be cut; return how many cannot."""
    from pokervod_pipelines.clips.export.cut import CutMode, cut_media, find_cut_suffix  # noqa: PLC0415 - loads FFmpeg

    failed = 0
    taken: list[str] = []
    with Progress(console=err) if sys.stderr.isatty() else nullcontext() as progress:
        task = progress.add_task("cutting", total=len(clips)) if progress else None
        for clip in clips:
            try:
                suffix = find_cut_suffix(Path(clip.path), CutMode(mode))
                name = make_file_names([clip.name], suffix, taken=taken)[0]
                taken.append(name)
                report = cut_media(
                    clip, Path(clip.path), target / name, mode=CutMode(mode), before=handles, after=handles
                )
                out.print(
                    f"{report.path}: {report.cut.count} frames{'' if report.is_exact else ', from a key frame'}",
                    markup=False,
                )
            except PokervodError as error:
                failed += 1
                err.print(f"clip {clip.id}: {error}", markup=False)
            if progress and task is not None:
                progress.advance(task)
    return failed


def _print_problems(problems: list[Problem]) -> None:
    """Print one line for each reason, whatever its numbers, with the first clip that it prevents."""
    by_reason: dict[str, list[Problem]] = {}
    for problem in problems:
        by_reason.setdefault(re.sub(r"\d[\d,.:]*", "0", problem.what), []).append(problem)
    for like in by_reason.values():
        err.print(f"{count_nouns(len(like), 'clip')} not exported; {like[0].where}: {like[0].what}", markup=False)
