"""Call functions that open videos in child processes, where a broken file can do no harm."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.processes.failures import ChildDied, ChildStuck, ChildTimedOut
from pokervod_pipelines.processes.path_check import NO_ANSWER, make_unanswered, require_answer
from pokervod_pipelines.processes.streams import StreamLimits, ask_all
from pokervod_pipelines.processes.supervised import ChildProgram

K = TypeVar("K")
T = TypeVar("T")

PROGRAM = ChildProgram(
    name="video reader",
    memory_bytes=4 << 30,  # a broken header can ask for more than the machine has
    modules=("pokervod_pipelines.media.probe",),
)
STAGGER_SECONDS = 0.3
BLAME_SECONDS = 5.0
"""Time in which a disk answers that has just been waited for."""


def limit_reading(files: int, *, workers: int, seconds: float, deadline: float) -> StreamLimits:
    """Return the limits for this number of files: at most ``workers`` children, ``seconds`` for each file."""
    return StreamLimits(
        children=min(workers, files),
        seconds=seconds,
        attempts=2,
        deadline=deadline,
        stagger_seconds=STAGGER_SECONDS,
    )


def read_videos(
    calls: Iterable[tuple[K, str, Callable[[], T]]], limits: StreamLimits
) -> Generator[tuple[K, T | Exception], None, None]:
    """Yield each key with the result of its call, or why there is none; the path is for messages.

    Raises:
        ArchiveUnavailable: the disk does not answer, or holds a child that cannot even be killed.
        Unavailable: no child starts.

    """
    with closing(ask_all(PROGRAM, (((key, path), call) for key, path, call in calls), limits)) as answers:
        for (key, path), answer in answers:
            if isinstance(answer, ChildStuck):
                raise make_unanswered(path, f"{NO_ANSWER} (its reader {answer})")
            if isinstance(answer, ChildTimedOut):
                require_answer(Path(path), seconds=BLAME_SECONDS)  # otherwise the file is to blame
            yield key, answer


def describe_failure(error: Exception) -> str:
    """Return in words why a call has no result."""
    if isinstance(error, ChildDied):
        return f"crashed its reader ({error})"
    return str(error) if isinstance(error, PokervodError | OSError) else f"{type(error).__name__}: {error}"


def draw_frame(path: str, at_ms: int, width: int) -> bytes:
    """Draw a frame as ``frames.draw_thumbnail`` does; only a child loads what reads it."""
    from pokervod_pipelines.media.frames import draw_thumbnail  # noqa: PLC0415 - loads PyAV, which may crash

    return draw_thumbnail(path, at_ms, width)
