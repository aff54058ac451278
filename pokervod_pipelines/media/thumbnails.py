"""Thumbnails: the frame at which a clip begins, and one that stands for a whole video."""

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.media.pool import Limits, Question, ask_all
from pokervod_pipelines.media.reader import Answer, Loss, Reader
from pokervod_pipelines.media.shelf import Shelf, Shot
from pokervod_pipelines.media.store import PlayableFile, list_playable, wait_for_turn
from pokervod_pipelines.settings import Settings

WIDTH = 320
POSTER_SHARE, POSTER_LATEST_MS = 0.1, 60_000
"""A video is shown by its frame at a tenth of its length, a minute from its start at most: past titles and black."""

PASS_SECONDS = 300.0
FILE_SECONDS = 30.0
PROBLEMS_SHOWN = 200
TASK = "thumbnail"


class NoPicture(BadInput):
    """A video has no frame to show at the place wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailReport:
    """What a pass made of the pictures wanted: ``failed`` in it, ``left`` for the next; ``problems`` are the first."""

    wanted: int
    made: int
    failed: int
    left: int
    seconds: float
    problems: tuple[tuple[str, str], ...]


def make_thumbnail(path: Path, at_ms: int, *, width: int = WIDTH, seconds_limit: float = FILE_SECONDS) -> bytes:
    """The nearest frame at or before ``at_ms`` from the start of the video, as a JPEG; beyond its end the last frame.

    Raises ``NoPicture`` with the reason, ``Unavailable`` and ``ArchiveUnavailable`` as ``probe_file`` does.
    """
    with closing(Reader()) as reader:
        arguments = {"path": str(path.absolute()), "at_ms": at_ms, "width": width}
        picture = _read_answer(reader.ask(TASK, arguments, seconds_limit=seconds_limit))
    if isinstance(picture, str):
        raise NoPicture(f"{path}: no thumbnail at {at_ms} ms: {picture}")
    return picture


def ensure_thumbnails(
    engine: Engine,
    settings: Settings,
    *,
    progress: Callable[[int], None] | None = None,
    pass_seconds: float = PASS_SECONDS,
) -> ThumbnailReport:
    """Every usable clip and every playable video has its picture, or a reason why not, as far as the time allowed.

    Raises ``ArchiveUnavailable`` when the disk does not answer; what was made before that is kept.
    """
    started = time.monotonic()
    if not settings.media.enabled:
        return ThumbnailReport(wanted=0, made=0, failed=0, left=0, seconds=0, problems=())
    shelf = open_shelf(settings)
    with engine.begin() as turn:
        wait_for_turn(turn, "thumbnails")
        with engine.begin() as connection:
            wanted = list(_list_wanted(settings, list_playable(connection)))
        done = shelf.list_done()
        todo = [question for question in wanted if question.about.key not in done]
        media = settings.media
        limits = Limits(min(media.workers, len(todo)), media.seconds_per_file, started + pass_seconds)
        made, problems = _make_all(shelf, todo, limits, progress)
    return ThumbnailReport(
        wanted=len(wanted),
        made=made,
        failed=len(problems),
        left=len(todo) - made - len(problems),
        seconds=round(time.monotonic() - started, 3),
        problems=tuple(problems[:PROBLEMS_SHOWN]),
    )


def draw_places(
    engine: Engine, settings: Settings, places: Sequence[tuple[int, int]], *, width: int, pass_seconds: float
) -> dict[tuple[int, int], Path]:
    """The pictures of these places (a file's id, ms from its start) that there are or could be drawn in the time.

    Nobody is waited for, and a file that is only too slow for this is left to ``ensure_thumbnails``. Raises as that.
    """
    started = time.monotonic()
    shelf, roots = open_shelf(settings), _find_roots(settings)
    with engine.connect() as connection:
        files = {file.file_id: file for file in list_playable(connection, sorted({each for each, _ in places}))}
    shots = {
        (file_id, at_ms): replace(_make_shot(files[file_id], at_ms), width=width)
        for file_id, at_ms in places
        if file_id in files and files[file_id].library in roots
    }
    missing = set(shots.values()) - {shot for shot in shots.values() if shelf.is_done(shot)}
    todo = [_ask(shot, roots[files[shot.file_id].library] / files[shot.file_id].path) for shot in sorted(missing)]
    seconds = min(settings.media.seconds_per_file, pass_seconds / 2)
    limits = Limits(min(settings.media.workers, len(todo)), seconds, started + pass_seconds / 2)
    _make_all(shelf, todo, limits, None, keep_losses=False)
    return {place: path for place, shot in shots.items() if (path := shelf.place(shot)).is_file()}


def find_thumbnails(
    engine: Engine, settings: Settings, places: Sequence[tuple[int, int | None]]
) -> dict[tuple[int, int | None], Path]:
    """The pictures there are of these places: a file's id with a clip's in-point in ms, or None for the whole video."""
    shelf = open_shelf(settings)
    with engine.begin() as connection:
        files = {file.file_id: file for file in list_playable(connection, sorted({each for each, _ in places}))}
    shots = {(file_id, at_ms): _make_shot(files[file_id], at_ms) for file_id, at_ms in places if file_id in files}
    pictures = {place: shelf.place(shot) for place, shot in shots.items()}
    return {place: path for place, path in pictures.items() if path.is_file()}


def open_shelf(settings: Settings) -> Shelf:
    """The shelf of this installation."""
    return Shelf(settings.home / "thumbnails")


def _list_wanted(settings: Settings, files: Sequence[PlayableFile]) -> Iterator[Question[Shot]]:
    """One question a picture, a file's own together; files of libraries no longer configured have none."""
    roots = _find_roots(settings)
    for file in files:
        if file.library in roots:
            for at_ms in (None, *file.in_points):
                yield _ask(_make_shot(file, at_ms), roots[file.library] / file.path)


def _find_roots(settings: Settings) -> dict[str, Path]:
    return {library.name: settings.root_of(library).path for library in settings.libraries}


def _ask(shot: Shot, path: Path) -> Question[Shot]:
    return Question(shot, TASK, {"path": str(path), "at_ms": shot.at_ms, "width": shot.width})


def _make_shot(file: PlayableFile, at_ms: int | None) -> Shot:
    place = min(int(file.duration_ms * POSTER_SHARE), POSTER_LATEST_MS) if at_ms is None else at_ms
    return Shot(file.file_id, file.size, file.mtime_ns, place, WIDTH)


def _make_all(
    shelf: Shelf,
    todo: Sequence[Question[Shot]],
    limits: Limits,
    progress: Callable[[int], None] | None,
    *,
    keep_losses: bool = True,
) -> tuple[int, list[tuple[str, str]]]:
    made, problems = 0, []
    with closing(ask_all(todo, limits)) as answers:
        for question, answer in answers:
            picture = _read_answer(answer)
            if isinstance(picture, str):
                if keep_losses or not isinstance(answer, Loss):
                    shelf.put_reason(question.about, picture)
                problems.append((f"{question.arguments['path']} at {question.about.at_ms} ms", picture))
            else:
                shelf.put(question.about, picture)
                made += 1
            if progress is not None:
                progress(made)
    return made, problems


def _read_answer(answer: Answer) -> bytes | str:
    """The picture, or in words why there is none."""
    if isinstance(answer, Loss):
        return answer.reason
    return base64.b64decode(answer["jpeg"]) if "jpeg" in answer else str(answer["reason"])
