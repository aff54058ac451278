"""See missing content and changes without reading a file whole."""

import os
from pathlib import Path

import pytest

from pokervod_pipelines.media.probe import find_change, find_holes
from pokervod_pipelines_tests.media.films import make_old

MEGABYTE = 1 << 20


def find(path: Path, *, stored: int | None = None) -> str | None:
    """Return the reason found, as if ``stored`` bytes of the file were on the disk."""
    status = path.stat()
    if stored is not None:
        status = os.stat_result((*status[:10], *([0] * 6)), {"st_blocks": stored // 512})
    with path.open("rb", buffering=0) as file:
        return find_holes(file, status)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "file.mxf"


def write(path: Path, size: int, pieces: dict[int, bytes]) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
        for position, content in pieces.items():
            file.seek(position)
            file.write(content)
    return path


@pytest.mark.parametrize("size", [1, 4_095, 4_096, 5_000, MEGABYTE, 10 << 30, 4 << 40])
def test_a_file_of_holes_is_empty_however_long_it_is(place: Path, size: int) -> None:
    assert f"{size:,} bytes long, 0 of them stored" in (find(write(place, size, {})) or "")


def test_zeros_that_are_stored_are_no_more_than_holes(place: Path) -> None:
    place.write_bytes(bytes(3 * MEGABYTE))

    assert "contains only zeros" in (find(place) or "")


@pytest.mark.parametrize(
    "pieces", [{0: b"x"}, {5 * MEGABYTE: b"x"}, {10 * MEGABYTE - 1: b"x"}], ids=["begin", "middle", "end"]
)
def test_a_file_with_content_in_a_block_that_is_read_is_left_to_the_demuxer(
    place: Path, pieces: dict[int, bytes]
) -> None:
    write(place, 10 * MEGABYTE, pieces)

    assert find(place, stored=10 * MEGABYTE) is None


def test_a_copy_that_stopped_half_way_has_an_empty_end(place: Path) -> None:
    write(place, 10 * MEGABYTE, {0: b"ftyp" * MEGABYTE})

    assert "the end is empty: 10,485,760 bytes long, 4,194,304 of them" in (find(place, stored=4 * MEGABYTE) or "")


def test_a_file_system_that_reports_nothing_stored_is_not_believed(place: Path) -> None:
    write(place, 10 * MEGABYTE, {0: b"ftyp"})

    assert find(place, stored=0) is None


def test_an_old_file_is_not_watched(place: Path) -> None:
    make_old(write(place, 100, {}))

    assert find_change(str(place), place.stat()) is None


def test_a_file_touched_since_was_modified(place: Path) -> None:
    make_old(write(place, 100, {}))
    before = place.stat()
    os.utime(place, ns=(1, 1))

    assert "was modified" in (find_change(str(place), before) or "")


def test_a_file_longer_than_before_has_both_lengths_in_the_reason(place: Path) -> None:
    before = write(place, 100, {}).stat()
    write(place, 1_234_567, {})

    assert "from 100 to 1,234,567 bytes" in (find_change(str(place), before) or "")
