"""Check clips of unusual camera files from the probe to the list: each is what a player and an editor see."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.clips.export.collect import collect_clips
from pokervod_pipelines.clips.export.frames import RATES
from pokervod_pipelines.clips.export.timeline import ExportClip
from pokervod_pipelines.media.library import probe_library
from pokervod_pipelines.media.tracks import find_rate, open_video
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.clips.export.burnt import Shape, burn_video
from pokervod_pipelines_tests.media.conftest import Register, archive, register, settings
from pokervod_pipelines_tests.media.films import make_old

__all__ = ["archive", "register", "settings"]

Export = Callable[[str, int, int], ExportClip | str]

INSERT_CLIP = text("""
    with row as (insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content)
        values ('s', 't', 1, '', '', '', '{}') returning id)
    insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, winner, hands, input_hash)
    select id, 's', :file_id, :in_ms, :out_ms, '', '', '', '' from row returning id
""")


@pytest.fixture
def export(engine: Engine, settings: Settings, register: Register, archive: Path) -> Export:
    """Return a function that probes a file of the archive and collects a clip of it, or says why it cannot."""

    def collect(name: str, in_ms: int, out_ms: int) -> ExportClip | str:
        make_old(archive / name)
        file_id = register(name)
        probe_library(engine, settings, "films", correlation_id="test")
        with engine.begin() as connection:
            clip_id = connection.scalar(INSERT_CLIP, {"file_id": file_id, "in_ms": in_ms, "out_ms": out_ms})
            clips, problems = collect_clips(connection, [clip_id or 0], {"disk": archive})
        return clips[0] if clips else problems[0].what

    return collect


LOST = {
    "one of 600": {300},
    "two in a row": {100, 101},
    "one of ten": set(range(3, 600, 10)),
    "the last but one": {598},
    "so few that the average of 30 fps is 29.97": {199, 399},
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize(("rate", "suffix"), [(30, "mp4"), (30, "mov"), (25, "mp4"), (60, "mkv"), (50, "avi")])
def test_a_recording_that_lost_frames_keeps_its_rate_and_length(
    export: Export, archive: Path, rate: int, suffix: str, lost: set[int]
) -> None:
    shape = Shape(rate=Fraction(rate), frames=600, suffix=f".{suffix}", codec="mpeg4", b_frames=0, has_audio=False)
    burn_video(archive / f"film.{suffix}", replace(shape, left_out=frozenset(lost)))

    clip = export(f"film.{suffix}", 4_000, 600_000 // rate)

    assert isinstance(clip, ExportClip)
    assert clip.rate == rate
    assert (clip.frames.first, clip.frames.end) == (4 * rate, 600)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_whole_recording_keeps_its_rate(tmp_path: Path, rate: Fraction) -> None:
    path = burn_video(tmp_path / "film.mov", Shape(rate=rate, frames=200, has_audio=True))

    with open_video(str(path)) as (_, video):
        assert find_rate(video) == rate


def test_a_clock_too_coarse_for_the_rate_is_no_loss_of_frames(tmp_path: Path) -> None:
    path = burn_video(tmp_path / "film.mov", Shape(frames=200, options={"video_track_timescale": "600"}))

    with open_video(str(path)) as (_, video):
        assert find_rate(video) == Fraction(30_000, 1001)
