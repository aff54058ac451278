"""Check every list with other people's parsers: frame numbers are equal, as editing programs read them."""

import csv
import io
import json
from fractions import Fraction
from itertools import pairwise
from typing import Any

import opentimelineio
import pycmx
import pytest
from fcpxml.parser import FCPXMLParser
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.clips.export.csv_list import write_csv
from pokervod_pipelines.clips.export.edl import MAX_EVENTS, TooManyEvents, name_reels, write_edl
from pokervod_pipelines.clips.export.fcpxml import write_fcpxml
from pokervod_pipelines.clips.export.frames import FrameRange, Timebase, parse_timecode
from pokervod_pipelines.clips.export.otio import write_otio
from pokervod_pipelines.clips.export.timeline import ExportClip, Timeline, make_timelines
from pokervod_pipelines_tests.clips.export.samples import TIMEBASES, at_every_timebase, make_clip, make_reel_of_clips

DROP = TIMEBASES[-2]


def make_timeline(base: Timebase = DROP, **facts: Any) -> Timeline:
    clips = [make_clip(base=base, **facts)] if facts else make_reel_of_clips(base)
    return make_timelines("Best of", clips)[0]


def list_sources(timeline: Timeline) -> list[tuple[int, int]]:
    return [(clip.source.first, clip.source.count) for clip in timeline.clips]


def list_records(timeline: Timeline) -> list[tuple[int, int]]:
    return [(place.record.first, place.record.end) for place in timeline.place()]


def take_range(found: Any) -> tuple[int, int]:
    return found.start_time.value, found.duration.value


@at_every_timebase
def test_an_edl_is_read_back_with_equal_frames(base: Timebase) -> None:
    timeline = make_timeline(base)

    read = opentimelineio.adapters.read_from_string(write_edl(timeline), "cmx_3600", rate=float(base.rate))

    (track,) = read.tracks
    assert [take_range(clip.source_range) for clip in track] == list_sources(timeline)
    assert [clip.name for clip in track] == [clip.title for clip in timeline.clips]
    assert take_range(track.source_range) == (-timeline.start, timeline.count)  # the reader's way to say: from 1 h on


@at_every_timebase
def test_another_edl_reader_finds_the_same_events(base: Timebase) -> None:
    timeline = make_timeline(base)

    read = pycmx.parse_cmx3600(io.StringIO(write_edl(timeline)))
    edits = [edit for event in read.events for edit in event.edits]

    def take(*timecodes: str) -> tuple[int, ...]:
        return tuple(parse_timecode(timecode, base) for timecode in timecodes)

    assert read.title == "Best of"
    assert [take(edit.record_in, edit.record_out) for edit in edits] == list_records(timeline)
    assert [edit.source_file for edit in edits] == [clip.path for clip in timeline.clips]
    assert len({edit.source for edit in edits}) == 2
    assert ("FCM: DROP FRAME" in write_edl(timeline)) == base.drop_frame


@at_every_timebase
def test_an_fcpxml_is_read_back_with_equal_frames(base: Timebase) -> None:
    timeline = make_timeline(base)

    (read,) = FCPXMLParser().parse_string(write_fcpxml(timeline)).timelines

    assert read.frame_rate == pytest.approx(float(base.rate))
    assert [(clip.source_start.frames, clip.duration.frames) for clip in read.clips] == list_sources(timeline)
    starts = [clip.start.frames + timeline.start for clip in read.clips]
    assert starts == [first for first, _ in list_records(timeline)]
    assert read.duration.frames == timeline.count


@at_every_timebase
def test_an_otio_is_read_back_with_equal_frames(base: Timebase) -> None:
    timeline = make_timeline(base)

    read = opentimelineio.adapters.read_from_string(write_otio(timeline), "otio_json")

    (track,) = read.tracks
    assert read.global_start_time.value == timeline.start
    assert [take_range(clip.source_range) for clip in track] == list_sources(timeline)
    assert {Fraction(clip.source_range.duration.rate).limit_denominator(1001) for clip in track} == {base.rate}
    for clip, placement in zip(track, timeline.place(), strict=True):
        at = clip.range_in_parent().start_time.value
        assert at + timeline.start == placement.record.first
        assert take_range(clip.media_reference.available_range) == (107_892, 2_000_000)


@at_every_timebase
def test_an_otio_is_plain_json_that_needs_no_library_to_count(base: Timebase) -> None:
    timeline = make_timeline(base)

    (track,) = json.loads(write_otio(timeline))["tracks"]["children"]

    ranges = [clip["source_range"] for clip in track["children"]]
    assert [(each["start_time"]["value"], each["duration"]["value"]) for each in ranges] == list_sources(timeline)


@at_every_timebase
def test_a_csv_is_read_back_with_equal_frames(base: Timebase) -> None:
    clips = make_reel_of_clips(base)

    rows = list(csv.DictReader(io.StringIO(write_csv(clips).removeprefix("\ufeff"))))

    assert [FrameRange(int(row["first_frame"]), int(row["last_frame"]) + 1) for row in rows] == [
        clip.frames for clip in clips
    ]
    assert [parse_timecode(row["timecode_in"], base) for row in rows] == [
        clip.source.first % base.frames_a_day for clip in clips
    ]
    assert {Fraction(row["rate"]) for row in rows} == {base.rate}


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(TIMEBASES), st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.integers(0, 400_000))
def test_all_lists_agree_on_any_clips(base: Timebase, lengths: list[int], start: int) -> None:
    clips = [make_clip(base=base, frames=FrameRange(start, start + length)) for length in lengths]
    (timeline,) = make_timelines("Best of", clips)

    edl = opentimelineio.adapters.read_from_string(write_edl(timeline), "cmx_3600", rate=float(base.rate))
    otio = opentimelineio.adapters.read_from_string(write_otio(timeline), "otio_json")
    (final_cut,) = FCPXMLParser().parse_string(write_fcpxml(timeline)).timelines

    assert [take_range(clip.source_range) for clip in edl.tracks[0]] == list_sources(timeline)
    assert [take_range(clip.source_range) for clip in otio.tracks[0]] == list_sources(timeline)
    assert [(clip.source_start.frames, clip.duration.frames) for clip in final_cut.clips] == list_sources(timeline)


@settings(deadline=None)
@given(st.text(), st.text(min_size=1), st.lists(st.text(), max_size=3))
def test_any_text_of_a_sheet_leaves_every_list_readable(title: str, path: str, words: list[str]) -> None:
    path = path.encode(errors="ignore").decode() or "a"
    timeline = make_timeline(title=title, path=path, players=tuple(words), tags=tuple(words), grade=title)

    edl = pycmx.parse_cmx3600(io.StringIO(write_edl(timeline)))
    otio = opentimelineio.adapters.read_from_string(write_otio(timeline), "otio_json")
    (final_cut,) = FCPXMLParser().parse_string(write_fcpxml(timeline)).timelines

    assert len(list(edl.events)) == len(otio.tracks[0]) == len(final_cut.clips) == 1
    assert len(list(csv.reader(io.StringIO(write_csv(timeline.clips))))) == 2


@settings(deadline=None)
@given(st.lists(st.text(max_size=12) | st.sampled_from(["A001", "Tape 7", "bl"]), max_size=30))
def test_every_video_has_a_reel_name_of_its_own_in_eight_capitals(names: list[str]) -> None:
    clips = tuple(make_clip(path=f"/archive/{name}.mov") for name in names)

    reels = name_reels(clips)

    assert len(set(reels.values())) == len(reels) == len({clip.path for clip in clips})
    assert all(reel.isascii() and reel.isalnum() and reel == reel.upper() and len(reel) <= 8 for reel in reels.values())
    assert not {"AX", "BL", "BLACK", "BARS"} & set(reels.values())


@pytest.mark.parametrize(("channels", "code"), [((), "V"), ((1,), "B"), ((2,), "AA/V"), ((1, 1, 1), "AA/V")])
def test_an_edl_takes_the_first_two_audio_channels_with_the_picture(channels: tuple[int, ...], code: str) -> None:
    (event,) = [line for line in write_edl(make_timeline(audio_channels=channels)).splitlines() if line[:3] == "001"]

    assert event.split()[2] == code


def test_an_edl_names_the_players_and_the_grade() -> None:
    text = write_edl(make_timeline(title="Bluff\nof the year", players=("Ivey", "Dwan"), tags=("bluff",), grade="★★★"))

    assert "* FROM CLIP NAME: Bluff of the year\n" in text
    assert "* PLAYERS: Ivey, Dwan\n* TAGS: bluff\n* GRADE: ★★★\n" in text


def test_an_edl_refuses_more_events_than_it_can_number_and_split_timelines_fit() -> None:
    clips = [make_clip(frames=FrameRange(0, 1)) for _ in range(MAX_EVENTS + 1)]

    with pytest.raises(TooManyEvents, match="at most 999 clips, 'Best of' has 1000"):
        write_edl(make_timelines("Best of", clips)[0])
    parts = [write_edl(timeline) for timeline in make_timelines("Best of", clips, limit=MAX_EVENTS)]
    assert [part.count("* FROM CLIP NAME") for part in parts] == [999, 1]


def test_an_fcpxml_has_each_video_and_each_size_once() -> None:
    small, large = {"width": 640, "height": 360}, {"width": 1920, "height": 1080}
    clips = [make_clip(path="/a.mp4", **small), make_clip(path="/b.mp4", **large), make_clip(path="/a.mp4", **small)]

    text = write_fcpxml(make_timelines("Best of", clips)[0])

    assert (text.count("<asset "), text.count("<format "), text.count("<asset-clip ")) == (2, 2, 3)
    assert 'frameDuration="1001/30000s"' in text


def test_an_fcpxml_carries_players_and_tags_as_keywords_and_the_sound_of_the_video() -> None:
    text = write_fcpxml(make_timeline(players=("Ivey",), tags=("bad beat",), audio_channels=(2,)))

    (read,) = FCPXMLParser().parse_string(text).timelines
    assert [keyword.value for keyword in read.clips[0].keywords] == ["Ivey", "bad beat"]
    assert 'hasAudio="1" audioSources="1" audioChannels="2"' in text


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-1", "@HustlerCasinoLive"])
def test_a_title_is_never_run_as_a_formula_by_a_spreadsheet(title: str) -> None:
    (row,) = csv.DictReader(io.StringIO(write_csv([make_clip(title=title)])))

    assert row["title"] == f"'{title}"


def test_a_csv_may_mix_rates_which_no_timeline_does() -> None:
    clips: list[ExportClip] = [make_clip(base=base) for base in TIMEBASES]

    rows = list(csv.DictReader(io.StringIO(write_csv(clips))))

    assert len(rows) == len(TIMEBASES)
    assert all(int(later["\ufeffclip_id"]) > int(earlier["\ufeffclip_id"]) for earlier, later in pairwise(rows))
