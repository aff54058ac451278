"""Check that notes are inside their video unless wrong on purpose, and wrong exactly as often as asked."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.sample.annotations.faults import FAULTS, Fault
from pokervod_pipelines.sample.annotations.footage import Footage, call_by_name, list_footage, paste_link
from pokervod_pipelines.sample.annotations.notes import Note, apply_fault, make_notes, show_clock, show_long_clock
from pokervod_pipelines.sample.entries import SampleFile

CHANGES_NO_TIME = {Fault.UNKNOWN_TAG, Fault.NO_HAND, Fault.BAD_GRADE, Fault.UNKNOWN_VIDEO, Fault.AMBIGUOUS_VIDEO}


def make_footage(*, path: str = "ARCHIVE/PAD/PAD S12/a  b.mp4", title: str = "a: b", own_name: bool = True) -> Footage:
    return Footage(file=SampleFile(path=path, size=1, title=title), seconds=600.0, plays=False, has_own_name=own_name)


def make_note(seed: int = 1) -> Note:
    return make_notes(Random(seed), [make_footage()], 1, {})[0]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(40, 120))
def test_a_valid_note_is_inside_its_video(seed: int, count: int) -> None:
    for note in make_notes(Random(seed), list_footage()[::9], count, {}):
        assert 0 <= note.in_ms < note.out_ms <= note.footage.seconds * 1000
        assert note.out_ms - note.in_ms <= 1_800_000


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), sheet=st.sampled_from(sorted(FAULTS)))
def test_there_are_as_many_notes_and_faults_as_asked(seed: int, sheet: str) -> None:
    playing = [footage for footage in list_footage() if footage.plays]

    notes = make_notes(Random(seed), [*playing, *list_footage()[:60]], 200, FAULTS[sheet])

    assert len(notes) == 200
    assert Counter(note.fault for note in notes if note.fault) == FAULTS[sheet]


def test_notes_are_in_the_order_of_their_videos_and_a_short_list_has_several_on_each() -> None:
    footage = list_footage()[:10]

    notes = make_notes(Random(3), footage, 60, {})

    assert [footage.index(note.footage) for note in notes] == sorted(footage.index(note.footage) for note in notes)
    assert min(Counter(note.footage.file.path for note in notes).values()) >= 2


def test_only_playing_videos_can_have_notes_after_their_end() -> None:
    for note in make_notes(Random(5), list_footage(), 900, FAULTS["iconik_metadata"]):
        assert (note.fault is Fault.BEYOND_VIDEO_END) == (note.fault is not None and note.footage.plays), (
            "a fault on a playing video is that one, and it is nowhere else"
        )


@pytest.mark.parametrize("fault", CHANGES_NO_TIME)
def test_a_fault_of_words_leaves_the_times_alone(fault: Fault) -> None:
    note = make_note()

    spoilt = apply_fault(note, fault, 0)

    assert (spoilt.in_ms, spoilt.out_ms, spoilt.fault) == (note.in_ms, note.out_ms, fault)
    assert spoilt != note


@pytest.mark.parametrize(
    ("fault", "number", "length"),
    [
        (Fault.END_NOT_AFTER_START, 0, 0),
        (Fault.END_NOT_AFTER_START, 1, -1000),
        (Fault.TOO_LONG, 0, 1_801_000),
        (Fault.TOO_LONG, 4, 1_805_000),
    ],
)
def test_a_fault_of_times_is_just_over_the_limit(fault: Fault, number: int, length: int) -> None:
    spoilt = apply_fault(make_note(), fault, number)

    assert spoilt.out_ms - spoilt.in_ms == length


def test_a_note_at_the_very_start_cannot_end_before_zero() -> None:
    at_start = replace(make_note(), in_ms=0)

    assert apply_fault(at_start, Fault.END_NOT_AFTER_START, 1).out_ms == 0


@settings(deadline=None)
@given(st.integers(0, 99 * 3600 * 1000))
def test_a_clock_shows_the_whole_seconds(milliseconds: int) -> None:
    hours, minutes, seconds = map(int, show_clock(milliseconds).split(":"))

    assert ((hours * 60 + minutes) * 60 + seconds) * 1000 == milliseconds // 1000 * 1000
    assert show_long_clock(milliseconds).lstrip("0").rjust(7, "0").endswith(show_clock(milliseconds).lstrip("0:"))
    assert len(show_long_clock(milliseconds)) == len("00:00:00")


@settings(deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_link_ends_in_the_file_or_its_folder_with_all_its_spaces(seed: int) -> None:
    link = paste_link(Random(seed), make_footage()).replace("\\", "/").replace("%20", " ").casefold()

    assert link.endswith(("archive/pad/pad s12", "archive/pad/pad s12/a  b.mp4"))


@settings(deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_name_that_is_not_the_video_s_own_is_written_with_its_extension(seed: int) -> None:
    assert call_by_name(Random(seed), make_footage(own_name=False)) == "a  b.mp4"


def test_people_write_the_name_with_and_without_extension_and_as_title() -> None:
    written = {call_by_name(Random(seed), make_footage()) for seed in range(100)}

    assert written == {"a  b.mp4", "a  b", "a: b"}
