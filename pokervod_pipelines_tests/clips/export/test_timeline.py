"""Check that clips follow each other without gaps on timelines of one timebase."""

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.clips.export.frames import BadFrames, BadRate, FrameRange, Timebase
from pokervod_pipelines.clips.export.timeline import Timeline, flatten, keep_line, make_timelines
from pokervod_pipelines_tests.clips.export.samples import TIMEBASES, at_every_timebase, make_clip, make_reel_of_clips

PAL = Timebase(Fraction(25))
HOUR = 60 * 60 * 25


@at_every_timebase
def test_each_clip_begins_where_the_one_before_ends_and_the_first_at_one_hour(base: Timebase) -> None:
    clips = make_reel_of_clips(base)
    (timeline,) = make_timelines("Best of", clips)
    places = [placement.record for placement in timeline.place()]

    assert places[0].first == timeline.start == base.frames_a_day // 24
    assert [place.first for place in places[1:]] == [place.end for place in places[:-1]]
    assert [place.count for place in places] == [clip.frames.count for clip in clips]
    assert places[-1].end == timeline.start + timeline.count


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TIMEBASES), st.integers(1, 50 * HOUR)), max_size=30), st.integers(1, 9))
def test_every_clip_is_on_one_timeline_of_its_timebase_that_is_not_too_long(
    wanted: list[tuple[Timebase, int]], most: int
) -> None:
    clips = [make_clip(base=base, frames=FrameRange(0, count)) for base, count in wanted]
    timelines = make_timelines("Best of", clips, limit=most)

    assert Counter(clip.id for timeline in timelines for clip in timeline.clips) == Counter(clip.id for clip in clips)
    assert len({timeline.title for timeline in timelines}) == len(timelines)
    for timeline in timelines:
        assert len(timeline.clips) <= most
        assert len(timeline.clips) == 1 or timeline.start + timeline.count < timeline.timebase.frames_a_day
        assert list(timeline.clips) == sorted(timeline.clips, key=lambda clip: clip.id)


def test_one_timeline_keeps_its_title_and_several_name_their_timebases() -> None:
    pal, drop = make_clip(base=PAL), make_clip(base=TIMEBASES[-2])

    assert [each.title for each in make_timelines("Best of", [pal])] == ["Best of"]
    assert [each.title for each in make_timelines("Best of", [pal, drop, pal], limit=1)] == [
        "Best of 25",
        "Best of 25 (2)",
        "Best of 29.97 DF",
    ]


@pytest.mark.parametrize("clips", [(), (make_clip(base=PAL), make_clip(base=TIMEBASES[0]))], ids=["none", "mixed"])
def test_a_timeline_that_would_have_to_convert_clips_cannot_be_built(clips: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="one clip, all at 25"):
        Timeline(title="Best of", timebase=PAL, clips=clips)


def test_a_clip_that_ends_with_a_rounded_length_ends_with_its_video() -> None:
    clip = make_clip(in_ms=0, out_ms=9977, duration_frames=299)  # 299 frames last 9976.6 ms

    assert clip.frames == FrameRange(0, 299)


@pytest.mark.parametrize(("in_ms", "out_ms"), [(0, 10_050), (9_980, 10_000), (20_000, 30_000)])
def test_a_clip_beyond_its_video_is_refused_with_both_numbers(in_ms: int, out_ms: int) -> None:
    with pytest.raises(BadFrames, match=r"before frame \d+, but its video has 299 frames: /archive/"):
        make_clip(in_ms=in_ms, out_ms=out_ms, duration_frames=299)


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"rate": Fraction(15)}, BadRate),
        ({"rate": Fraction(25), "drop_frame": True}, BadRate),
        ({"out_ms": 0}, BadFrames),
    ],
)
def test_a_clip_that_cannot_be_cut_cannot_be_built(facts: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        make_clip(**facts)


def test_the_source_range_is_under_the_timecode_of_the_video() -> None:
    clip = make_clip(frames=FrameRange(10, 20), start_timecode_frames=107_892)

    assert clip.source == FrameRange(107_902, 107_912)


@pytest.mark.parametrize(
    ("text", "flat", "kept"),
    [
        ("A  B", "A B", "A  B"),  # runs of blanks are part of a path
        ("A\nB\t", "A B", "A B "),
        ("찐최종 👨‍👩‍👧 €", "찐최종 👨‍👩‍👧 €", "찐최종 👨‍👩‍👧 €"),
        ("A\x00\ud800\u2028\uffff", "A", "A    "),
    ],
)
def test_text_fits_a_line_and_nothing_else_of_it_is_lost(text: str, flat: str, kept: str) -> None:
    assert flatten(text) == flat
    assert keep_line(text) == kept
