"""Check frames, milliseconds and timecode against each other, SMPTE and another library, at every rate."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentimelineio.opentime import RationalTime, from_timecode

from pokervod_pipelines.clips.export.frames import (
    RATES,
    BadFrames,
    BadRate,
    FrameRange,
    Timebase,
    find_frames,
    format_timecode,
    parse_timecode,
    snap_rate,
)
from pokervod_pipelines_tests.clips.export.samples import TIMEBASES, at_every_timebase, find_ms

NTSC, NTSC_60, FILM = Fraction(30_000, 1001), Fraction(60_000, 1001), Fraction(24_000, 1001)
DROP, DROP_60 = Timebase(NTSC, drop_frame=True), Timebase(NTSC_60, drop_frame=True)

timebases = st.sampled_from(TIMEBASES)
rates = st.sampled_from(RATES)
frame_numbers = st.integers(0, 10_000_000)


@st.composite
def frame_ranges(draw: st.DrawFn) -> FrameRange:
    first = draw(frame_numbers)
    return FrameRange(first, first + draw(st.integers(1, 100_000)))


@pytest.mark.parametrize(
    ("base", "frame", "timecode"),
    [
        (DROP, 0, "00:00:00;00"),
        (DROP, 1799, "00:00:59;29"),
        (DROP, 1800, "00:01:00;02"),  # 00 and 01 are left out at each full minute
        (DROP, 17_981, "00:09:59;29"),
        (DROP, 17_982, "00:10:00;00"),  # but not at each tenth
        (DROP, 107_892, "01:00:00;00"),
        (DROP, 2_589_407, "23:59:59;29"),
        (DROP_60, 3599, "00:00:59;59"),
        (DROP_60, 3600, "00:01:00;04"),  # four numbers at 59.94
        (DROP_60, 35_964, "00:10:00;00"),
        (Timebase(NTSC), 1800, "00:01:00:00"),
        (Timebase(NTSC_60), 216_000, "01:00:00:00"),
        (Timebase(FILM), 86_400, "01:00:00:00"),
        (Timebase(Fraction(25)), 2_159_999, "23:59:59:24"),
        (Timebase(Fraction(50)), 49, "00:00:00:49"),
    ],
)
def test_a_frame_has_the_timecode_that_smpte_gives_it(base: Timebase, frame: int, timecode: str) -> None:
    assert format_timecode(frame, base) == timecode
    assert parse_timecode(timecode, base) == frame


@at_every_timebase
def test_the_timecode_starts_again_after_a_day(base: Timebase) -> None:
    assert format_timecode(base.frames_a_day, base) == format_timecode(0, base)
    assert format_timecode(base.frames_a_day - 1, base).startswith("23:59:59")


@at_every_timebase
def test_an_hour_of_drop_frame_timecode_is_an_hour_of_the_clock_within_four_milliseconds(base: Timebase) -> None:
    hour = parse_timecode("01:00:00:00", base) * base.frame_seconds

    is_clock = base.drop_frame or base.rate.denominator == 1
    assert (abs(hour - 3600) < Fraction(4, 1000)) == is_clock


@settings(deadline=None)
@given(timebases, frame_numbers)
def test_a_timecode_is_read_back_as_its_frame(base: Timebase, frame: int) -> None:
    assert parse_timecode(format_timecode(frame, base), base) == frame % base.frames_a_day


@settings(deadline=None)
@given(timebases, frame_numbers)
def test_another_library_counts_the_same(base: Timebase, frame: int) -> None:
    rate, of_day = float(base.rate), frame % base.frames_a_day
    timecode = format_timecode(frame, base)

    assert from_timecode(timecode, rate).value == of_day
    assert RationalTime(of_day, rate).to_timecode(rate, drop_frame=base.drop_frame) == timecode


@pytest.mark.parametrize(
    ("base", "text"),
    [
        (DROP, "00:01:00;00"),  # left out
        (DROP, "00:59:00;01"),
        (DROP_60, "00:01:00;03"),
        (Timebase(Fraction(25)), "00:00:00:25"),
        (Timebase(Fraction(25)), "00:00:00;10"),  # drop-frame where there is none
        (Timebase(Fraction(25)), "00:00:60:00"),
        (Timebase(Fraction(25)), "24:00:00:00"),
        (Timebase(Fraction(25)), "1:00:00"),
        (Timebase(Fraction(25)), ""),
    ],
)
def test_a_timecode_that_does_not_exist_is_refused_with_its_text_and_rate(base: Timebase, text: str) -> None:
    with pytest.raises(BadFrames) as refused:
        parse_timecode(text, base)

    assert repr(text) in str(refused.value)
    assert str(base) in str(refused.value)


@pytest.mark.parametrize(
    ("in_ms", "out_ms", "rate", "first", "end"),
    [
        (0, 1, Fraction(25), 0, 1),  # a millisecond is a frame
        (1000, 2000, Fraction(25), 25, 50),  # on the frame: no more on either side
        (1001, 2001, Fraction(25), 25, 51),  # inside a frame: the whole frame
        (10_000, 20_000, NTSC, 299, 600),
        (10_010, 20_020, NTSC, 300, 600),  # 10.01 s is frame 300 exactly
        (3_600_000, 3_600_001, NTSC, 107_892, 107_893),
        (41, 42, FILM, 0, 2),  # 41.7 ms is where frame 1 begins
    ],
)
def test_a_clip_is_the_shortest_run_of_frames_that_covers_its_milliseconds(
    in_ms: int, out_ms: int, rate: Fraction, first: int, end: int
) -> None:
    assert find_frames(in_ms, out_ms, rate) == FrameRange(first, end)


@settings(deadline=None)
@given(rates, st.integers(0, 10**9), st.integers(1, 10**7))
def test_no_frame_of_the_stretch_is_lost_and_none_beyond_it_is_added(rate: Fraction, in_ms: int, length: int) -> None:
    frames = find_frames(in_ms, in_ms + length, rate)
    begins = [Fraction(frame) * 1000 / rate for frame in (frames.first, frames.first + 1, frames.last, frames.end)]

    assert begins[0] <= in_ms < begins[1]
    assert begins[2] < in_ms + length <= begins[3]


@settings(deadline=None)
@given(rates, frame_ranges())
def test_frames_become_milliseconds_and_the_same_frames_again(rate: Fraction, frames: FrameRange) -> None:
    assert find_frames(*find_ms(frames, rate), rate) == frames


@settings(deadline=None)
@given(frame_ranges(), st.integers(0, 500), st.integers(0, 500), st.integers(0, 1_000_000))
def test_handles_stay_within_the_video(frames: FrameRange, before: int, after: int, more: int) -> None:
    wide = frames.widen(before, after, frames.end + more)

    assert 0 <= wide.first <= frames.first
    assert frames.end <= wide.end <= frames.end + more
    assert wide.count <= frames.count + before + after


@pytest.mark.parametrize(("first", "end"), [(5, 5), (6, 5), (-1, 5)])
def test_a_range_without_a_frame_cannot_be_built(first: int, end: int) -> None:
    with pytest.raises(BadFrames, match=f"frames {first} to {end}"):
        FrameRange(first, end)


@pytest.mark.parametrize(("in_ms", "out_ms"), [(1000, 1000), (1000, 999), (-1, 1000)])
def test_milliseconds_without_a_stretch_are_refused(in_ms: int, out_ms: int) -> None:
    with pytest.raises(BadFrames, match=f"{in_ms} ms to {out_ms} ms"):
        find_frames(in_ms, out_ms, NTSC)


@pytest.mark.parametrize(
    ("measured", "rate"),
    [
        ("29.97", NTSC),
        ("2997/100", NTSC),
        ("23.98", FILM),
        ("23.976", FILM),
        ("19001/317", NTSC_60),  # what a short file's average comes to
        ("25", Fraction(25)),
        ("60", Fraction(60)),
        ("30", Fraction(30)),
    ],
)
def test_a_measured_rate_is_snapped_to_the_rate_of_the_trade(measured: str, rate: Fraction) -> None:
    assert snap_rate(Fraction(measured)) == rate


@pytest.mark.parametrize("measured", ["29.5", "15", "12.5", "0", "120", "59.5"])
def test_a_rate_that_no_editing_program_knows_is_refused_with_those_they_do(measured: str) -> None:
    with pytest.raises(BadRate, match=r"expected one of 23\.976, 24, 25, 29\.97, 30, 50, 59\.94, 60"):
        snap_rate(Fraction(measured))


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate not in (NTSC, NTSC_60)])
def test_drop_frame_is_refused_where_smpte_has_none(rate: Fraction) -> None:
    with pytest.raises(BadRate, match=r"29\.97 and 59\.94 only"):
        Timebase(rate, drop_frame=True)
