"""Build ``clip_tracker.csv``: a running list with a preamble, example rows, remarks, one cell for both times."""

import csv
import io
from collections.abc import Iterator
from itertools import groupby

from pokervod_pipelines.sample.annotations.faults import FAULTS, Fault
from pokervod_pipelines.sample.annotations.footage import list_footage
from pokervod_pipelines.sample.annotations.notes import Note, make_notes, show_long_clock
from pokervod_pipelines.sample.entries import seeded

PREAMBLE = (
    ("2025 WSOP Clip Tracker",),
    ("", "편집 요청은 여기에 적어 주세요.", "", "Questions:\nask the archive desk"),
    (),
    ("", "", "", "Updated every evening"),
)
HEADER = (
    *("File No.", "완료(편집)", "유튜브 공개(채널)", "Filename", "EVENT", "Event Name"),
    *("", "", "", "Timecode", "players", "hands"),
)
EXAMPLES = (
    *(
        (
            "ex) 1",
            "O",
            "O",
            "WSOP_example",
            "2025 WSOP",
            "Event #0",
            "",
            "",
            "",
            "00:01:00 - 00:02:00",
            "A vs B",
            "AA vs KK",
        ),
    ),
    *(("ex) 2", "", "", "WSOP_example", "2025 WSOP", "Event #0", "", "", "", "00:05:00 - 00:07:30", "C", "핸드 없음"),),
)
REMARK = ("", "", "", "", "", "※ 아래부터는 2차 편집본", "", "", "", "", "", "")

LOST_EVENT = "Charity Cash Game | Backup Recorder"
"""The event of all notes whose video is not in the archive."""

EVENTS = 24
NOTES = 150
Row = tuple[str, ...]


def build_clip_tracker() -> tuple[bytes, int]:
    """Return the file (UTF-8 with a byte order mark, as Excel saves it) and how many of its rows count."""
    rng = seeded("clip tracker")
    streams = [
        each
        for each in list_footage()
        if "/2025 WSOP-LAS VEGAS/" in each.file.path and each.is_retitled and each.has_own_name
    ]
    notes = make_notes(rng, streams[:EVENTS], NOTES, FAULTS["clip_tracker"])
    notes.sort(key=lambda note: note.fault is Fault.UNKNOWN_VIDEO)
    text = io.StringIO(newline="")
    csv.writer(text).writerows([*PREAMBLE, HEADER, *EXAMPLES, *_list_rows(notes)])
    return text.getvalue().encode("utf-8-sig"), len(notes)


def _list_rows(notes: list[Note]) -> Iterator[Row]:
    """Yield the events one after the other, the name of each in its first row only."""
    for number, (name, group) in enumerate(groupby(notes, key=_name_event), start=1):
        if number == EVENTS // 2:
            yield REMARK
        for turn, note in enumerate(group):
            yield _make_row(note, number, name if turn == 0 else "", is_done=number % 3 == 0)
        if number % 5 == 0:
            yield ()


def _name_event(note: Note) -> str:
    return LOST_EVENT if note.lost_name else note.footage.file.title


def _make_row(note: Note, number: int, name: str, *, is_done: bool) -> Row:
    remark = "\n(하이라이트 모음)" if name and number % 4 == 0 else ""
    file_name = note.footage.file.name if name and number % 3 == 0 and not note.lost_name else ""
    return (
        *(str(number), "O" if is_done else "", "", file_name, "2025 WSOP" if name else "", name + remark),
        *("", "", "", _format_range(note), " vs ".join(filter(None, note.players)).upper(), note.hands),
    )


def _format_range(note: Note) -> str:
    if note.fault is Fault.BAD_TIMECODE:
        return f"99:99:00 - {show_long_clock(note.out_ms)}"
    return f"{show_long_clock(note.in_ms)} - {show_long_clock(note.out_ms)}"
