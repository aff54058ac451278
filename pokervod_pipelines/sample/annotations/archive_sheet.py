"""Build ``metadata_archive.xlsx``: eight tabs in eight styles, twenty columns with repeated names."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from pokervod_pipelines.sample.annotations.faults import FAULTS, Fault, Faults
from pokervod_pipelines.sample.annotations.footage import Footage, call_by_name, list_footage, paste_link
from pokervod_pipelines.sample.annotations.notes import Note, make_notes, show_clock, show_long_clock
from pokervod_pipelines.sample.entries import seeded

HEADER = (
    *("File No.", "File Name", "Nas Folder Link", "In", "Out", "Hand Grade", "Winner", "Hands"),
    *("Tag (Player)",) * 3,
    *("Tag (Poker Play)",) * 7,
    *("Tag (Emotion)",) * 2,
)

TABS = (
    ("2023 Bracelet Clips", 1, ("/2023 WSOP-LAS VEGAS (PokerGo Clip)/",)),
    ("2024 Paradise Hands", 3, ("/Hand Clip/",)),
    ("2021-25 Streams", 1, ("LAS VEGAS/2021", "LAS VEGAS/2022", "LAS VEGAS/2024", "LAS VEGAS/2025")),
    ("WSOP Europe", 3, ("/WSOP-EUROPE/",)),
    ("Archive Tapes", 3, ("/WSOP ARCHIVE (PRE-2016)/",)),
    ("Circuit", 1, ("/WSOP Circuit Event/",)),
    ("PAD, GOG", 1, ("ARCHIVE/PAD/", "ARCHIVE/GOG")),
    ("HCL, GGM, MPP", 3, ("ARCHIVE/HCL/", "ARCHIVE/GGMillions/", "ARCHIVE/MPP/")),
)
"""Title, row of the header, and the parts of the paths of its videos."""

NOTES_A_TAB = 57
BLANK_EVERY = 13
SAVED = datetime(2025, 7, 1, 9, 0, tzinfo=UTC)
Cell = str | int | timedelta
Row = list[Cell]


def build_archive_sheet() -> tuple[bytes, int]:
    """Return the workbook and how many of its rows count, the faulty ones included."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for (title, header_row, parts), faults in zip(TABS, _share_out(FAULTS["metadata_archive"]), strict=True):
        rng = seeded(f"tab {title}")
        footage = [each for each in list_footage() if any(part in each.file.path for part in parts)]
        notes = make_notes(rng, _select_playing_first(footage), NOTES_A_TAB, faults)
        _fill_tab(book.create_sheet(title), header_row, _list_rows(rng, notes))
    return _save(book), NOTES_A_TAB * len(TABS)


def _share_out(faults: Faults) -> list[dict[Fault, int]]:
    """Divide the faults among the tabs; an Out after a video's end goes to tabs whose videos play."""
    shares: list[dict[Fault, int]] = [{} for _ in TABS]
    turn = 0
    for fault, count in faults.items():
        for number in range(count):
            tab = (0, 6)[number % 2] if fault is Fault.BEYOND_VIDEO_END else turn % len(TABS)
            shares[tab][fault] = shares[tab].get(fault, 0) + 1
            turn += 1
    return shares


def _select_playing_first(footage: Sequence[Footage]) -> list[Footage]:
    """Return at most twenty of the videos, those that play among them, so that many rows are about one video."""
    playing = [each for each in footage if each.plays]
    silent = [each for each in footage if not each.plays]
    step = max(1, len(silent) // 18)
    return [*playing, *silent[::step][:18]]


def _list_rows(rng: Random, notes: Sequence[Note]) -> Iterator[Row]:
    """Yield the rows below the header: one a note, now and then a blank one, once a remark without a number."""
    number, last = 0, None
    for place, note in enumerate(notes):
        number += note.footage is not last
        last = note.footage
        if place and place % BLANK_EVERY == 0:
            yield []
        if place == len(notes) // 2:
            yield ["", "↓ second pass, names still to be checked"]
        yield _make_row(rng, note, number)


def _make_row(rng: Random, note: Note, number: int) -> Row:
    name = note.lost_name or call_by_name(rng, note.footage)
    needs_link = not note.footage.has_own_name or rng.randrange(4)
    link = paste_link(rng, note.footage) if needs_link and not note.lost_name else ""
    return [
        *(number, name, link, *_format_times(rng, note), note.grade, note.winner, note.hands),
        *_pad([player for player in note.players if player], 3),
        *_pad((*note.poker_play, *note.epic_hand, *note.runout), 7),
        *_pad(note.emotion, 2),
    ]


def _format_times(rng: Random, note: Note) -> tuple[Cell, Cell]:
    """Return the cells In and Out in one of the shapes that people use."""
    if note.fault is Fault.BAD_TIMECODE:
        return "99:99", show_clock(note.out_ms)
    if note.fault is Fault.MISSING_OUT:
        return show_clock(note.in_ms), ""
    shape = rng.randrange(6)
    if shape == 0:
        return f"{show_long_clock(note.in_ms)} - {show_long_clock(note.out_ms)}", ""
    if shape == 1 and 0 < note.out_ms < 3_600_000:
        return _show_minutes(note.in_ms), _show_minutes(note.out_ms)
    if shape == 2 and note.out_ms >= 0:
        return timedelta(milliseconds=note.in_ms), timedelta(milliseconds=note.out_ms)
    return show_clock(note.in_ms), show_clock(note.out_ms)


def _show_minutes(milliseconds: int) -> str:
    return show_clock(milliseconds).removeprefix("0:").removeprefix("0")


def _pad(values: Sequence[str], width: int) -> list[str]:
    return [*values, *[""] * width][:width]


def _fill_tab(tab: Worksheet, header_row: int, rows: Iterator[Row]) -> None:
    if header_row > 1:
        tab.cell(1, 1, "Fill in one row per hand. Grades: ★ good, ★★ very good, ★★★ must see.")
    for column, name in enumerate(HEADER, start=1):
        tab.cell(header_row, column, name)
    for offset, row in enumerate(rows, start=header_row + 1):
        for column, value in enumerate(row, start=1):
            if value == "":
                continue
            cell = tab.cell(offset, column, value)
            if isinstance(value, timedelta):
                cell.number_format = "[h]:mm:ss"


def _save(book: Workbook) -> bytes:
    """Return the file with fixed times in it, since openpyxl and ZIP would write down the hour."""
    book.properties.created = book.properties.modified = SAVED.replace(tzinfo=None)
    draft, final = io.BytesIO(), io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(draft, "w")).save()
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(final, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, SAVED.timetuple()[:6]), source.read(name), zipfile.ZIP_DEFLATED)
    return final.getvalue()
