"""Check that a read that hangs is an error that names the place, and one that is only slow is not."""

import threading
from collections.abc import Iterator

import pytest

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.nas.stall import ReadProgress, read_watched


def test_items_come_in_their_order() -> None:
    assert list(read_watched(lambda _: range(1_000), 10)) == list(range(1_000))


def test_what_the_reading_raises_is_raised_after_the_items_before_it() -> None:
    def read(_: ReadProgress) -> Iterator[int]:
        yield 1
        raise ArchiveUnavailable("gone")

    items = read_watched(read, 10)

    assert next(items) == 1
    with pytest.raises(ArchiveUnavailable, match="gone"):
        next(items)


def test_silence_names_the_place_where_it_began() -> None:
    release = threading.Event()

    def read(progress_: ReadProgress) -> Iterator[int]:
        progress_.enter("/mnt/archive/PAD")
        release.wait(60)
        yield 1

    with pytest.raises(ArchiveUnavailable, match=r"/mnt/archive/PAD: does not answer .waited 0.05 s"):
        list(read_watched(read, 0.05))
    release.set()


def test_a_reading_that_is_left_early_stops() -> None:
    stopped = threading.Event()

    def read(_: ReadProgress) -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            stopped.set()

    items = read_watched(read, 10)
    next(items)
    items.close()  # type: ignore[attr-defined]

    assert stopped.wait(10)
