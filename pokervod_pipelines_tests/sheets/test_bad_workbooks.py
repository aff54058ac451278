"""Check that every bad file gets a message with the place and the next step, and that no row is lost."""

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.errors import BadInput, PokervodError
from pokervod_pipelines_tests.sheets.harness import (
    COLUMNS,
    Line,
    SheetHarness,
    make_line,
    make_lines,
    to_csv,
    write_book,
)
from pokervod_pipelines_tests.sheets.samples import load_cases

CASES: dict[str, list[dict[str, Any]]] = load_cases("bad_workbooks")
GOOD = make_lines(1, 2, 3)
LOCAL_HEADER, CENTRAL_HEADER = b"PK\x03\x04", b"PK\x01\x02"


def name_case(case: dict[str, Any]) -> str:
    return str(case["about"])


def encrypt(content: bytes) -> bytes:
    """Return the package with every member flagged as encrypted."""
    changed = bytearray(content)
    for header, flags in ((LOCAL_HEADER, 6), (CENTRAL_HEADER, 8)):
        place = changed.find(header)
        while place >= 0:
            struct.pack_into("<H", changed, place + flags, 1)
            place = changed.find(header, place + 1)
    return bytes(changed)


def scramble(content: bytes) -> bytes:
    """Return the package with its packed bytes inverted and its list of members intact."""
    end = content.rfind(LOCAL_HEADER)
    return content[:40] + bytes(byte ^ 0x55 for byte in content[40:end]) + content[end:]


def pack_photos(_: bytes) -> bytes:
    """Return a zip of something else."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("photo.jpg", b"\xff\xd8")
    return packed.getvalue()


REWRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "encrypted": encrypt,
    "photos": pack_photos,
    "scrambled": scramble,
}
REPLACED: dict[str, Callable[[Path], None]] = {
    "dangling": lambda path: path.symlink_to(path.with_name("nowhere")),
    "folder": Path.mkdir,
    "missing": lambda path: None,
    "pipe": os.mkfifo,
}


def write_good(path: Path) -> None:
    if path.suffix == ".csv":
        path.write_text(to_csv(GOOD), encoding="utf-8", newline="")
    else:
        write_book(path, {path.stem: [COLUMNS, *GOOD]})


def write_bad(path: Path, case: dict[str, Any]) -> None:
    if made := case.get("made"):
        content = path.read_bytes() if path.exists() else b""
        path.unlink(missing_ok=True)
        if made in REPLACED:
            REPLACED[made](path)
        else:
            path.write_bytes(REWRITTEN[made](content))
    elif "hex" in case:
        path.write_bytes(bytes.fromhex(case["hex"]))
    elif "formulas" in case:
        lines = [make_line(number, In=f"=A{number}") for number in range(case["formulas"])]
        write_book(path, {path.stem: [COLUMNS, *lines]})
    elif "book" in case:
        write_book(path, {path.stem: case["book"]})
    elif "huge" in case:
        path.write_text(to_csv([("1", "x" * case["huge"])]))
    elif "deep" in case:
        path.write_text("a note\n" * case["deep"] + to_csv(GOOD), encoding="utf-8")
    else:
        path.write_text(case["text"], encoding="utf-8")


def start(harness: SheetHarness, file: str) -> None:
    """Sync the harness's sheet from this file while it is good."""
    readable = file if Path(file).suffix in {".csv", ".xlsx"} else "hands.csv"
    harness.add_files("show 1.mp4")
    for name in dict.fromkeys((readable, file)):
        harness.read_from(harness.path.with_name(name))
        if name == readable:
            write_good(harness.path)
            harness.sync()
            harness.build()


@pytest.mark.parametrize("case", CASES["refused"], ids=name_case)
def test_a_file_that_is_not_a_sheet_is_refused_and_retires_nothing(harness: SheetHarness, case: dict[str, Any]) -> None:
    start(harness, case["file"])
    versions = harness.versions()
    write_bad(harness.path, case)

    with pytest.raises(PokervodError) as refused:
        harness.sync()

    assert [words for words in case["says"] if words not in str(refused.value)] == []
    assert case["file"] in str(refused.value) or "--confirm-loss" in str(refused.value)
    assert harness.execute("select error from sheet_states")[0][0] == str(refused.value)
    assert harness.build().clips == 3
    assert harness.versions() == versions


@pytest.mark.parametrize("case", CASES["unread"], ids=name_case)
def test_an_unreadable_tab_is_named_and_retires_nothing(harness: SheetHarness, case: dict[str, Any]) -> None:
    start(harness, case["file"])
    versions = harness.versions()
    write_bad(harness.path, case)

    report = harness.sync()
    problem = report.problems[0]

    assert problem.where == "hands"
    assert [words for words in case["says"] if words not in problem.what] == []
    assert (report.rows, report.unchanged, harness.build().clips) == (3, 3, 3)
    assert harness.versions() == versions
    assert harness.sync().problems[0] == problem


def write_out(cell: object) -> str:
    return str(cell["repeat"] * cell["times"]).strip() if isinstance(cell, dict) else str(cell)


def make_bad_line(case: dict[str, Any]) -> Line:
    cells = {"In": "0:05:00", "Out": "0:06:00", "File Name": "show 1", **case["cells"]}
    return make_line(5, **{name.replace(" ", "_"): write_out(cell) for name, cell in cells.items()})


def test_each_wrong_row_is_named_with_its_column_and_the_others_count(harness: SheetHarness) -> None:
    bad = [make_bad_line(case) for case in CASES["rows"]]
    harness.add_files("show 1.mp4", "show 2.mp4", "show 3.mp4")
    harness.write(*GOOD[1:], *bad, make_line(1, In="0:09:00", Out="0:09:30"))

    sheet, clips = harness.sync(), harness.build()
    problems = (*sheet.problems, *clips.problems)

    for place, case in enumerate(CASES["rows"], start=4):
        text = "\n".join(problem.what for problem in problems if problem.where == f"hands row {place}")
        assert [words for words in case["says"] if words not in text] == [], case["about"]
        assert len(text) < 2_000, case["about"]
    assert len({problem.where for problem in problems}) == len(bad)
    assert sheet.rows == clips.clips == len(bad) + 3
    assert clips.problem_count == len(bad)
    assert harness.sync(full=True).unchanged == sheet.rows


def test_a_bad_sheet_does_not_stop_the_next_one(harness: SheetHarness) -> None:
    start(harness, "hands.csv")
    harness.path.write_bytes(b"")
    next_path = harness.path.with_name("next.csv")
    source = harness.settings.sheets[0].model_copy(update={"name": "next", "path": next_path})
    following = SheetHarness(
        engine=harness.engine,
        settings=harness.settings.model_copy(update={"sheets": (*harness.settings.sheets, source)}),
        path=next_path,
        sheet="next",
    )
    following.write(*GOOD)

    with pytest.raises(PokervodError):
        harness.sync()

    assert following.sync().added == 3


def test_a_repeated_id_is_named_in_both_places_and_both_rows_count(harness: SheetHarness) -> None:
    harness.path.write_text(
        "id,title,time_start_ms,time_end_ms\nu-1,show 1,1000,2000\nu-2,show 2,1000,2000\nU-1,show 3,1000,2000\n"
    )

    report = harness.sync()

    assert report.rows == 3
    assert report.problems[0].where == "hands row 4"
    assert "'u-1' is also in hands row 2" in report.problems[0].what
    assert harness.sync().problems == report.problems


def test_columns_under_one_merged_header_are_all_read(harness: SheetHarness) -> None:
    """Read a merged header, which is saved as one name and blanks, in a workbook as in a CSV."""
    harness.path.write_text(
        "File No.,File Name,In,Out,Tag (Player),,,Tag (Emotion),,Winner,\n"
        "1,show 1,0:01:00,0:02:00,Ana,Tom,Ivo,Tilt,Joy,AA,a remark\n"
    )
    harness.sync()
    harness.build()

    assert [row[0] for row in harness.execute("select name from players order by name")] == ["Ana", "Ivo", "Tom"]
    assert harness.execute("select count(*) from clip_tags")[0][0] == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp949"])
def test_a_sheet_saved_again_in_another_encoding_is_unchanged(harness: SheetHarness, encoding: str) -> None:
    lines = [make_line(1, Hands="핸드 없음", Hand_Grade="★")]
    harness.write(*lines)
    harness.sync()
    harness.path.write_bytes(to_csv(lines).encode(encoding))

    report = harness.sync()

    assert (report.rows, report.unchanged) == (1, 1)


def test_a_sheet_of_no_certain_encoding_keeps_its_rows(harness: SheetHarness) -> None:
    lines = [make_line(1, Hands="Åsa’s bluff"), make_line(2, Hands="Älv")]
    harness.write(*lines)
    harness.sync()
    before = harness.execute("select * from sheet_rows order by id")
    harness.path.write_bytes(to_csv(lines[:1]).encode("cp1252", "ignore"))

    with pytest.raises(BadInput, match="looks like Windows-1252"):
        harness.sync()

    assert harness.execute("select * from sheet_rows order by id") == before
