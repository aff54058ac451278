"""``pokervod clips export``: clips as lists for editing programs, or cut as media."""

import sys
from contextlib import nullcontext
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from pokervod_pipelines.cli.output import err, out
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings import Settings, load_settings

if TYPE_CHECKING:
    from pokervod_pipelines.clips.export.collect import LeftOut
    from pokervod_pipelines.clips.export.timeline import ExportClip, Timeline


class Format(StrEnum):
    """What is written."""

    EDL = "edl"
    FCPXML = "fcpxml"
    OTIO = "otio"
    CSV = "csv"
    MEDIA = "media"


class Mode(StrEnum):
    """How media is cut: ``exact`` encodes anew and is right to the frame, ``fast`` copies from the key frame before."""

    EXACT = "exact"
    FAST = "fast"


def export(
    target: Annotated[Path, typer.Argument(help="The folder to write into.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="What to write.")] = Format.EDL,
    query: Annotated[str, typer.Option("--query", "-q", help="Only clips with all these words.")] = "",
    player: Annotated[str, typer.Option("--player", "-p", help="With this player; part of a name will do.")] = "",
    tag: Annotated[str, typer.Option("--tag", "-t", help="With this tag, in any spelling.")] = "",
    grade: Annotated[int | None, typer.Option("--grade", "-g", min=1, max=3, help="With so many stars.")] = None,
    project: Annotated[str, typer.Option("--project", help="Of this project, such as WSOP.")] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="From this sheet.")] = "",
    title: Annotated[str, typer.Option("--title", help="Name of the lists.")] = "pokervod",
    assume_rate: Annotated[
        str, typer.Option(help="Frames a second of videos that do not tell, as 25 or 30000/1001.")
    ] = "",
    handles: Annotated[int, typer.Option(min=0, help="Frames more at both ends (media).")] = 0,
    mode: Annotated[Mode, typer.Option(help="How media is cut.")] = Mode.EXACT,
) -> None:
    """Write the clips of a search for an editing program, or cut them.

    There is one list for each frame rate, since a list counts in one.

    Example: pokervod clips export edit/ --format fcpxml --player Rivers --grade 3
    """
    from pokervod_pipelines.clips.export.collect import collect_clips  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.clips.search import ClipFilter, list_clips  # noqa: PLC0415

    settings = load_settings()
    wanted = ClipFilter(
        query=query, player=player, tag=tag, grade=grade, project=project, sheet=sheet, has_problem=False
    )
    with open_database(settings) as engine, engine.connect() as connection:
        listed = list_clips(connection, wanted)
        clips, left_out = collect_clips(
            connection, [clip.id for clip in listed], _roots(settings), assumed_rate=_read_rate(assume_rate)
        )
    target.mkdir(parents=True, exist_ok=True)
    if form is Format.MEDIA:
        failed = _cut_all(clips, target, mode=mode, handles=handles)
    else:
        _write_lists(clips, target, form, title)
        failed = 0
    _tell_left_out(left_out)
    out.print(f"{len(clips) - failed} of {len(listed)} clips exported to {target}", markup=False)
    if failed:
        raise typer.Exit(1)


def _roots(settings: Settings) -> dict[str, Path]:
    return {root.name: root.path for root in settings.archive_roots}


def _read_rate(written: str) -> Fraction | None:
    from pokervod_pipelines.clips.export.frames import snap_rate  # noqa: PLC0415 - kept out of --help

    try:
        return snap_rate(Fraction(written)) if written else None
    except (ValueError, ZeroDivisionError):
        raise typer.BadParameter(f"{written!r} is no rate such as 25, 29.97 or 30000/1001") from None


def _write_lists(clips: "list[ExportClip]", target: Path, form: Format, title: str) -> None:
    from pokervod_pipelines.clips.export import edl, fcpxml, listing, saving  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.clips.export.file_names import make_file_names  # noqa: PLC0415
    from pokervod_pipelines.clips.export.timeline import make_timelines  # noqa: PLC0415

    if form is Format.CSV:
        saving.save_list(listing.write_csv(clips), target / make_file_names([title], ".csv")[0])
        return
    timelines: tuple[Timeline, ...] = make_timelines(title, clips, most=edl.MOST_EVENTS if form is Format.EDL else None)
    names = make_file_names([timeline.title for timeline in timelines], f".{form}")
    for timeline, name in zip(timelines, names, strict=True):
        if form is Format.EDL:
            text = edl.write_edl(timeline)
        elif form is Format.FCPXML:
            text = fcpxml.write_fcpxml(timeline)
        else:
            from pokervod_pipelines.clips.export.otio import write_otio  # noqa: PLC0415 - 90 ms others do not pay

            text = write_otio(timeline)
        saving.save_list(text, target / name)
        out.print(f"{target / name}: {len(timeline.clips)} clips at {timeline.timebase}", markup=False)


def _cut_all(clips: "list[ExportClip]", target: Path, *, mode: Mode, handles: int) -> int:
    """Every clip is cut or said why not; returns how many were not."""
    from pokervod_pipelines.clips.export.cut import CutMode, cut_media, find_cut_suffix  # noqa: PLC0415
    from pokervod_pipelines.clips.export.file_names import make_file_names  # noqa: PLC0415

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


def _tell_left_out(left_out: "list[LeftOut]") -> None:
    """One line a reason, with the first clips it holds for."""
    by_reason: dict[str, list[LeftOut]] = {}
    for each in left_out:
        by_reason.setdefault(each.reason, []).append(each)
    for reason, clips in by_reason.items():
        some = ", ".join(str(clip.clip_id) for clip in clips[:5]) + (" …" if len(clips) > 5 else "")
        err.print(f"left out {len(clips):,} ({some}): {reason}", markup=False)
