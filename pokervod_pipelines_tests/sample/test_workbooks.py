"""Check that the annotation workbooks have the layouts people keep, and exactly the faults of ``FAULTS``.

They are read here with plain openpyxl and csv, so that no reader of our own is needed to believe the sample.
"""

import csv
import io
import json
import re
import uuid
from collections import Counter
from datetime import time, timedelta
from functools import cache
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pokervod_pipelines.sample import FAULTS, Fault, SampleLayout
from pokervod_pipelines.sample.annotations.archive_sheet import HEADER, build_archive_sheet
from pokervod_pipelines.sample.annotations.clip_tracker import build_clip_tracker
from pokervod_pipelines.sample.annotations.iconik_sheet import COLUMNS, build_iconik_sheet
from pokervod_pipelines.sample.archive import list_videos
from pokervod_pipelines.sample.videos import PLAYABLE
from pokervod_pipelines.sample.vocabulary import UNKNOWN_TAGS

THIRTY_MINUTES = 1800.0
ARCHIVE_FAULTS, ICONIK_FAULTS, TRACKER_FAULTS = (
    FAULTS[name] for name in ("metadata_archive", "iconik_metadata", "clip_tracker")
)

Cells = tuple[object, ...]


@cache
def archive_tabs() -> dict[str, list[Cells]]:
    book = load_workbook(io.BytesIO(build_archive_sheet()[0]))
    return {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


def archive_rows() -> list[Cells]:
    """Return the rows that count: below the header, with a File No."""
    return [row for rows in archive_tabs().values() for row in rows if isinstance(row[0], int)]


@cache
def iconik_rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(build_iconik_sheet()[0].decode(), newline="")))


@cache
def tracker_rows() -> list[list[str]]:
    return list(csv.reader(io.StringIO(build_clip_tracker()[0].decode("utf-8-sig"), newline="")))


def tracker_notes() -> list[list[str]]:
    return [row for row in tracker_rows() if row and row[0].isdigit()]


def as_seconds(cell: object) -> float:
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if isinstance(cell, time):
        return timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second).total_seconds()
    seconds = 0.0
    for part in str(cell).split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


def ends(row: Cells) -> tuple[float, float] | None:
    """Return In and Out in seconds, None where one is missing or not a time."""
    start, end = row[3], row[4]
    if isinstance(start, str) and " - " in start:
        start, end = start.split(" - ")
    return None if end is None or start == "99:99" else (as_seconds(start), as_seconds(end))


def test_the_rows_of_all_workbooks_are_those_the_layout_counts(laid_out: SampleLayout) -> None:
    assert len(archive_rows()) + len(iconik_rows()) + len(tracker_notes()) == laid_out.rows


def test_the_files_on_the_disk_are_these(laid_out: SampleLayout) -> None:
    made = {
        "metadata_archive.xlsx": build_archive_sheet()[0],
        "iconik_metadata.csv": build_iconik_sheet()[0],
        "clip_tracker.csv": build_clip_tracker()[0],
    }

    assert {path.name: path.read_bytes() for path in laid_out.workbooks} == made


@pytest.mark.parametrize(
    ("sheet", "columns"), [("archive_metadata", HEADER), ("iconik_metadata", COLUMNS)], ids=["archive", "iconik"]
)
def test_the_columns_are_those_of_the_real_sheet(sheet: str, columns: tuple[str, ...], shared_data: Path) -> None:
    headers = json.loads((shared_data / "sheets" / "sheet_headers.json").read_text(encoding="utf-8"))

    assert list(columns) == headers[sheet]


def test_eight_tabs_have_their_header_in_row_one_or_three() -> None:
    places = {title: [row[:20] for row in rows].index(HEADER) + 1 for title, rows in archive_tabs().items()}

    assert len(places) == 8
    assert Counter(places.values()) == {1: 4, 3: 4}


def test_columns_repeat_as_people_repeat_them() -> None:
    assert Counter(HEADER)["Tag (Player)"] == 3
    assert Counter(HEADER)["Tag (Poker Play)"] == 7
    assert Counter(HEADER)["Tag (Emotion)"] == 2


@pytest.mark.parametrize("tab", range(8))
def test_a_tab_has_blank_rows_inside_and_a_remark_without_number(tab: int) -> None:
    rows = list(archive_tabs().values())[tab][3:]

    assert sum(not any(row) for row in rows) >= 3
    assert sum(row[0] is None and row[1] is not None for row in rows) == 1
    assert any(rows[-1])


def test_a_file_number_repeats_for_all_rows_of_a_video() -> None:
    numbers = Counter(row[0] for row in archive_tabs()["2023 Bracelet Clips"] if isinstance(row[0], int))

    assert max(numbers.values()) >= 2
    assert len(numbers) >= 15


@pytest.mark.parametrize(
    ("shape", "at_least"),
    [
        (r"\d:\d\d:\d\d", 100),
        (r"\d{1,2}:\d\d", 5),
        (r"\d\d:\d\d:\d\d - \d\d:\d\d:\d\d", 30),
    ],
)
def test_times_are_written_in_every_shape(shape: str, at_least: int) -> None:
    assert sum(bool(re.fullmatch(shape, str(row[3]))) for row in archive_rows() if isinstance(row[3], str)) >= at_least


def test_some_times_are_time_cells() -> None:
    assert sum(isinstance(row[3], timedelta | time) for row in archive_rows()) >= 30


@pytest.mark.parametrize(
    "shape",
    [
        r"\\\\nas\\vod\\.+",
        r"Z:\\ARCHIVE\\.+",
        r"//nas/vod/.+",
        r"smb://nas/vod/.+",
        r"smb://.+%20.+",
        r"\\\\NAS\\VOD\\ARCHIVE\\[^a-z]+",
        r"z:\\archive\\[^A-Z]+",
        r".+\.(mp4|mov|mxf)",
        r".+[^4vf]",
    ],
)
def test_links_are_pasted_in_every_shape(shape: str) -> None:
    assert sum(bool(row[2] and re.fullmatch(shape, str(row[2]))) for row in archive_rows()) >= 5


def test_names_are_written_with_and_without_extension_and_as_title() -> None:
    written = Counter(str(row[1]) for row in archive_rows())

    names = {file.name for file in list_videos()}
    stems = {file.stem for file in list_videos()}
    titles = {file.title for file in list_videos()} - stems
    assert [bool(written.keys() & known) for known in (names, stems, titles)] == [True, True, True]


def test_every_fault_of_the_archive_sheet_is_there_as_often_as_listed() -> None:
    rows = archive_rows()
    times = [ends(row) for row in rows]
    playing = {name for video in PLAYABLE for name in (video.entry.name, video.entry.stem, video.title)}
    longest = max(video.seconds for video in PLAYABLE)

    found = {
        Fault.BAD_TIMECODE: sum(row[3] == "99:99" for row in rows),
        Fault.MISSING_OUT: sum(row[4] is None and " - " not in str(row[3]) for row in rows),
        Fault.END_NOT_AFTER_START: sum(both is not None and both[1] <= both[0] for both in times),
        Fault.TOO_LONG: sum(both is not None and both[1] - both[0] > THIRTY_MINUTES for both in times),
        Fault.BEYOND_VIDEO_END: sum(
            both is not None and row[1] in playing and both[1] > longest for row, both in zip(rows, times, strict=True)
        ),
        Fault.UNKNOWN_VIDEO: sum(str(row[1]).startswith("Backstage reel") for row in rows),
        Fault.AMBIGUOUS_VIDEO: sum(row[1] == "HyperDeck_0199" and row[2] is None for row in rows),
        Fault.BAD_GRADE: sum(row[5] == "★★★★" for row in rows),
        Fault.UNKNOWN_TAG: sum(bool(set(row[11:18]) & set(UNKNOWN_TAGS)) for row in rows),
        Fault.NO_HAND: sum(row[7] == "핸드 없음" for row in rows),
    }

    assert found == ARCHIVE_FAULTS


def test_grades_are_stars_or_blank() -> None:
    assert {row[5] for row in archive_rows()} == {"★", "★★", "★★★", "★★★★", None}


def test_every_iconik_row_has_an_id_of_its_own() -> None:
    ids = [row["id"] for row in iconik_rows()]

    assert len({uuid.UUID(each) for each in ids}) == len(ids) == 900


def test_iconik_times_are_whole_milliseconds_and_the_same_in_seconds() -> None:
    for row in iconik_rows():
        if row["time_start_S"] and row["time_end_S"]:
            assert int(row["time_start_ms"]) == round(float(row["time_start_S"]) * 1000)
            assert int(row["time_end_ms"]) == round(float(row["time_end_S"]) * 1000)


@pytest.mark.parametrize("column", ["PlayersTags", "PokerPlayTags", "Emotion", "Adjective"])
def test_iconik_cells_hold_several_values(column: str) -> None:
    assert sum("," in row[column] for row in iconik_rows()) >= 50


@pytest.mark.parametrize("column", ["Badbeat", "Bluff", "Suckout", "Cooler", "All-in"])
def test_iconik_flags_are_true_or_false(column: str) -> None:
    assert {row[column] for row in iconik_rows()} == {"TRUE", "FALSE"}


def test_iconik_titles_are_stems_but_for_the_lost_ones() -> None:
    stems = {file.stem for file in list_videos()} | {video.entry.stem for video in PLAYABLE}

    lost = [row for row in iconik_rows() if row["title"] not in stems]

    assert len(lost) == ICONIK_FAULTS[Fault.UNKNOWN_VIDEO]


def test_every_fault_of_the_iconik_sheet_is_there_as_often_as_listed() -> None:
    rows = iconik_rows()
    spans = [
        (row["title"], int(row["time_start_ms"]) / 1000, int(row["time_end_ms"]) / 1000)
        for row in rows
        if row["time_start_ms"] != "99:99" and row["time_end_ms"]
    ]
    lengths = {video.entry.stem: video.seconds for video in PLAYABLE}

    found = {
        Fault.BAD_TIMECODE: sum(row["time_start_ms"] == "99:99" for row in rows),
        Fault.MISSING_OUT: sum(not row["time_end_ms"] and not row["time_end_S"] for row in rows),
        Fault.END_NOT_AFTER_START: sum(end <= start for _, start, end in spans),
        Fault.TOO_LONG: sum(end - start > THIRTY_MINUTES for _, start, end in spans),
        Fault.BEYOND_VIDEO_END: sum(title in lengths and end > lengths[title] for title, _, end in spans),
        Fault.UNKNOWN_VIDEO: sum(row["title"].startswith("Backstage reel") for row in rows),
        Fault.AMBIGUOUS_VIDEO: sum(row["title"] == "HyperDeck_0199" for row in rows),
        Fault.UNKNOWN_TAG: sum(bool(set(row["PokerPlayTags"].split(",")) & set(UNKNOWN_TAGS)) for row in rows),
        Fault.NO_HAND: sum(row["HANDTag"] == "핸드 없음" for row in rows),
    }

    assert found == ICONIK_FAULTS


def test_the_tracker_begins_with_a_byte_order_mark_and_a_preamble() -> None:
    header = next(place for place, row in enumerate(tracker_rows()) if row[:1] == ["File No."])

    assert build_clip_tracker()[0].startswith(b"\xef\xbb\xbf")
    assert header >= 3
    assert len(tracker_rows()[header]) == 12


def test_the_tracker_has_examples_blank_rows_a_remark_and_newlines_in_cells() -> None:
    rows = tracker_rows()

    assert sum(bool(row) and row[0].startswith("ex)") for row in rows) == 2
    assert sum(not any(row) for row in rows[6:]) >= 3
    assert sum(any(cell.startswith("※") for cell in row) for row in rows) == 1
    assert sum("\n" in cell for row in tracker_notes() for cell in row) >= 3


def test_the_tracker_names_an_event_in_its_first_row_only() -> None:
    names: dict[str, list[str]] = {}
    for row in tracker_notes():
        names.setdefault(row[0], []).append(row[5])

    assert all(first and not any(others) for first, *others in names.values())
    assert len(names) >= 15


def test_the_tracker_s_events_are_titles_of_videos_but_for_the_lost_one() -> None:
    titles = {file.title for file in list_videos()}
    events = {row[5].partition("\n")[0] for row in tracker_notes() if row[5]}

    assert [event for event in events if event not in titles] == ["Charity Cash Game | Backup Recorder"]


def test_every_fault_of_the_tracker_is_there_as_often_as_listed() -> None:
    rows = tracker_notes()
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d - \d\d:\d\d:\d\d", row[9]) for row in rows)
    spans = [tuple(map(as_seconds, row[9].split(" - "))) for row in rows if not row[9].startswith("99:99")]
    last_event = rows[-1][0]

    found = {
        Fault.BAD_TIMECODE: len(rows) - len(spans),
        Fault.END_NOT_AFTER_START: sum(end <= start for start, end in spans),
        Fault.TOO_LONG: sum(end - start > THIRTY_MINUTES for start, end in spans),
        Fault.UNKNOWN_VIDEO: sum(row[0] == last_event for row in rows),
        Fault.NO_HAND: sum(row[11] == "핸드 없음" for row in rows),
    }

    assert found == TRACKER_FAULTS


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_somewhere(fault: Fault) -> None:
    assert sum(faults.get(fault, 0) for faults in FAULTS.values()) >= 2
