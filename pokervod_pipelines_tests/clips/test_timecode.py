"""Check that timecodes as people write them become milliseconds, and that invalid clips are refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.clips.timecode import (
    BadTimecode,
    ClipRange,
    check_within_video,
    format_ms,
    parse_range,
    parse_timecode,
    show_text,
)
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.clips.corpus import load_cases

CASES: dict[str, Any] = load_cases("timecodes")
HALF_HOUR = 30 * 60 * 1000


@pytest.mark.parametrize(("text", "milliseconds"), CASES["valid"])
def test_a_timecode_is_read_as_a_person_means_it(text: str, milliseconds: int) -> None:
    assert parse_timecode(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "rate", "milliseconds"),
    [
        ("06:58:55:12", 25, 25_135_480),
        ("06:58:55:12", 30_000 / 1001, 25_135_400),
        ("06:58:55;29", 30_000 / 1001, 25_135_968),
        ("0:00:01:59", 60_000 / 1001, 1_984),
        ("0:00:01", 25, 1_000),
    ],
)
def test_frames_count_at_the_rate_of_the_video(text: str, rate: float, milliseconds: int) -> None:
    assert parse_timecode(text, rate=rate) == milliseconds


def test_a_frame_that_no_second_has_is_refused() -> None:
    with pytest.raises(BadTimecode, match=r"In: expected frames below the video's rate 25, got '0:01:00:25'"):
        parse_range("0:01:00:25", "0:01:10:00", rate=25)


@pytest.mark.parametrize("text", CASES["invalid"])
def test_what_is_no_timecode_is_refused_with_its_text_and_what_is_expected(text: str) -> None:
    with pytest.raises(BadTimecode, match="write h:mm:ss") as refused:
        parse_timecode(text)

    assert repr(text) in str(refused.value)
    assert isinstance(refused.value, BadInput)


@pytest.mark.parametrize(("time_in", "time_out", "shown"), CASES["ranges"])
def test_a_range_is_read_from_two_cells_or_one(time_in: str, time_out: str, shown: str) -> None:
    assert str(parse_range(time_in, time_out)) == shown


@pytest.mark.parametrize(("time_in", "time_out", "reason"), CASES["refused_ranges"])
def test_a_range_that_no_clip_can_be_is_refused(time_in: str, time_out: str, reason: str) -> None:
    with pytest.raises(BadTimecode, match=reason):
        parse_range(time_in, time_out)


@pytest.mark.parametrize(("time_in", "time_out", "column"), [("0:01:00", "soon", "Out"), ("soon", "0:01:00", "In")])
def test_a_bad_end_is_named_by_its_column(time_in: str, time_out: str, column: str) -> None:
    with pytest.raises(BadTimecode, match=f"^{column}: expected a timecode, got 'soon'"):
        parse_range(time_in, time_out)


def test_a_page_in_a_timecode_cell_is_refused_at_once_and_shown_cut() -> None:
    """Looked through for ranges, thirty thousand digits would take a minute."""
    with pytest.raises(BadTimecode) as refused:
        parse_range("1" * 30_000)

    assert "(30,000 characters)" in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_clip_beyond_the_end_of_its_video_names_both_times() -> None:
    with pytest.raises(BadTimecode, match=r"1:10:00.*1:09:59\.500"):
        parse_range("1:05:00", "1:10:00", video_ms=4_199_500)


def test_a_clip_may_end_exactly_with_its_video() -> None:
    clip = parse_range("1:05:00", "1:10:00", video_ms=4_200_000)

    check_within_video(clip, 4_200_000)
    assert clip.out_ms - clip.in_ms == 300_000


@given(st.integers(0, 400_000_000))
def test_a_formatted_time_is_read_back(milliseconds: int) -> None:
    assert parse_timecode(format_ms(milliseconds)) == milliseconds


@given(st.integers(0, 400_000_000), st.integers(1, HALF_HOUR))
def test_a_formatted_range_is_read_back(start: int, length: int) -> None:
    clip = ClipRange(start, start + length)

    assert parse_range(str(clip)) == clip


@given(st.integers(-10_000, 10_000_000), st.integers(-10_000, 10_000_000))
def test_a_clip_range_that_exists_is_right(start: int, end: int) -> None:
    try:
        clip = ClipRange(start, end)
    except BadTimecode:
        assert start < 0 or end <= start or end - start > HALF_HOUR
    else:
        assert 0 <= clip.in_ms < clip.out_ms <= clip.in_ms + HALF_HOUR


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        milliseconds, refusal = parse_timecode(text), ""
    except BadTimecode as refused:
        milliseconds, refusal = -1, str(refused)

    assert milliseconds >= 0 or show_text(text) in refusal
