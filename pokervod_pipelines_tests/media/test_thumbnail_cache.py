"""Find thumbnails by what they show, whole or not at all."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.media.thumbnails import FrameKey, ThumbnailCache

KEY = FrameKey(7, 1_000, 2_000, 3_000, 320)

numbers = st.integers(0, 2**63)
keys = st.builds(FrameKey, numbers, numbers, numbers, numbers, numbers)


@pytest.fixture
def cache(tmp_path: Path) -> ThumbnailCache:
    return ThumbnailCache(tmp_path / "thumbnails")


def test_a_stored_thumbnail_is_found(cache: ThumbnailCache) -> None:
    path = cache.put(KEY, b"image")

    assert path == cache.find_path(KEY)
    assert path.read_bytes() == b"image"
    assert path.relative_to(cache.folder).as_posix() == f"{KEY.digest[:2]}/{KEY.digest}.jpg"
    assert cache.is_done(KEY)


def test_putting_twice_keeps_the_second_and_nothing_else(cache: ThumbnailCache) -> None:
    cache.put(KEY, b"first")

    path = cache.put(KEY, b"second")

    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_put_leaves_nothing(cache: ThumbnailCache) -> None:
    cache.find_path(KEY).mkdir(parents=True)

    with pytest.raises(OSError, match=KEY.digest):
        cache.put(KEY, b"image")

    assert list(cache.find_path(KEY).parent.iterdir()) == [cache.find_path(KEY)]


def test_a_reason_is_done_for_a_day(cache: ThumbnailCache) -> None:
    cache.put_reason(KEY, "has no frame")
    (reason,) = cache.folder.glob("*/*")

    assert reason.read_text() == "has no frame"
    assert cache.is_done(KEY)
    os.utime(reason, (1_000, 1_000))
    assert not cache.is_done(KEY)


def test_a_thumbnail_replaces_its_reason(cache: ThumbnailCache) -> None:
    cache.put_reason(KEY, "has no frame")

    cache.put(KEY, b"image")

    assert [path.suffix for path in cache.folder.glob("*/*")] == [".jpg"]


def test_an_empty_cache_has_nothing_done(cache: ThumbnailCache) -> None:
    assert not cache.is_done(KEY)


def test_what_a_killed_process_left_is_not_a_thumbnail(cache: ThumbnailCache) -> None:
    path = cache.put(KEY, b"image")
    path.rename(path.with_name(f".{path.name}-1-1"))

    assert not cache.is_done(KEY)


@given(one=keys, other=keys)
def test_different_frames_have_different_names(one: FrameKey, other: FrameKey) -> None:
    assert (one.digest == other.digest) == (one == other)
