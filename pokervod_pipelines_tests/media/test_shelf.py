"""Pictures stand under what they show; half a picture never does."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.media.shelf import Shelf, Shot

SHOT = Shot(7, 1_000, 2_000, 3_000, 320)

numbers = st.integers(0, 2**63)
shots = st.builds(Shot, numbers, numbers, numbers, numbers, numbers)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "thumbnails")


def test_a_picture_put_is_found_in_its_place(shelf: Shelf) -> None:
    place = shelf.put(SHOT, b"picture")

    assert place == shelf.place(SHOT)
    assert place.read_bytes() == b"picture"
    assert place.relative_to(shelf.folder).as_posix() == f"{SHOT.key[:2]}/{SHOT.key}.jpg"
    assert shelf.list_done() == {SHOT.key}


def test_putting_twice_keeps_the_second_and_nothing_else(shelf: Shelf) -> None:
    shelf.put(SHOT, b"first")

    place = shelf.put(SHOT, b"second")

    assert place.read_bytes() == b"second"
    assert list(place.parent.iterdir()) == [place]


def test_what_cannot_be_put_leaves_nothing(shelf: Shelf) -> None:
    shelf.place(SHOT).mkdir(parents=True)

    with pytest.raises(OSError, match=SHOT.key):
        shelf.put(SHOT, b"picture")

    assert list(shelf.place(SHOT).parent.iterdir()) == [shelf.place(SHOT)]


def test_a_reason_is_done_for_a_day(shelf: Shelf) -> None:
    shelf.put_reason(SHOT, "has no frame")
    (reason,) = shelf.folder.glob("*/*")

    assert reason.read_text() == "has no frame"
    assert shelf.list_done() == {SHOT.key}
    os.utime(reason, (1_000, 1_000))
    assert shelf.list_done() == set()


def test_a_picture_takes_its_reason_away(shelf: Shelf) -> None:
    shelf.put_reason(SHOT, "has no frame")

    shelf.put(SHOT, b"picture")

    assert [path.suffix for path in shelf.folder.glob("*/*")] == [".jpg"]


def test_an_empty_shelf_has_nothing_done(shelf: Shelf) -> None:
    assert shelf.list_done() == set()


def test_what_a_killed_process_left_is_no_picture(shelf: Shelf) -> None:
    place = shelf.put(SHOT, b"picture")
    place.rename(place.with_name(f".{place.name}-1-1"))

    assert shelf.list_done() == set()


@given(one=shots, other=shots)
def test_different_shots_have_different_keys(one: Shot, other: Shot) -> None:
    assert (one.key == other.key) == (one == other)
