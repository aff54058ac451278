"""Whatever stands where a sheet belongs: the message says where and what to do; nothing is lost."""

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines_tests.sheets.desk import COLUMNS, Desk, Line, make_line, make_lines, to_csv, write_book
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
    """Return the package with its packed bytes turned over, its list of members whole."""
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
    elif "huge" in case:
        path.write_text(to_csv([("1", "x" * case["huge"])]))
    elif "deep" in case:
        path.write_text("a note\n" * case["deep"] + to_csv(GOOD), encoding="utf-8")
    else:
        path.write_text(case["text"], encoding="utf-8")


def start(desk: Desk, file: str) -> None:
    """The desk's sheet is this file, read when it was good."""
    readable = file if Path(file).suffix in {".csv", ".xlsx"} else "hands.csv"
    desk.add_files("show 1.mp4")
    for name in dict.fromkeys((readable, file)):
        desk.read_from(desk.path.with_name(name))
        if name == readable:
            write_good(desk.path)
            desk.sync()
            desk.build()


@pytest.mark.parametrize("case", CASES["refused"], ids=name_case)
def test_a_file_that_is_no_sheet_is_refused_and_retires_nothing(desk: Desk, case: dict[str, Any]) -> None:
    start(desk, case["file"])
    versions = desk.versions()
    write_bad(desk.path, case)

    with pytest.raises(PokervodError) as refused:
        desk.sync()

    assert [words for words in case["says"] if words not in str(refused.value)] == []
    assert case["file"] in str(refused.value) or "--confirm-loss" in str(refused.value)
    assert desk.execute("select error from sheet_states")[0][0] == str(refused.value)
    assert desk.build().clips == 3
    assert desk.versions() == versions


@pytest.mark.parametrize("case", CASES["unread"], ids=name_case)
def test_a_tab_that_is_not_understood_is_named_and_retires_nothing(desk: Desk, case: dict[str, Any]) -> None:
    start(desk, case["file"])
    versions = desk.versions()
    write_bad(desk.path, case)

    report = desk.sync()
    where, what = report.problems[0]

    assert where == "hands"
    assert [words for words in case["says"] if words not in what] == []
    assert (report.rows, report.unchanged, desk.build().clips) == (3, 3, 3)
    assert desk.versions() == versions
    assert desk.sync().problems[0] == (where, what)


def write_out(cell: object) -> str:
    return str(cell["repeat"] * cell["times"]).strip() if isinstance(cell, dict) else str(cell)


def make_bad_line(case: dict[str, Any]) -> Line:
    cells = {"In": "0:05:00", "Out": "0:06:00", "File Name": "show 1", **case["cells"]}
    return make_line(5, **{name.replace(" ", "_"): write_out(cell) for name, cell in cells.items()})


def test_each_wrong_row_is_named_with_its_column_and_the_others_count(desk: Desk) -> None:
    bad = [make_bad_line(case) for case in CASES["rows"]]
    desk.add_files("show 1.mp4", "show 2.mp4", "show 3.mp4")
    desk.write(*GOOD[1:], *bad, make_line(1, In="0:09:00", Out="0:09:30"))

    sheet, clips = desk.sync(), desk.build()
    told = [(where, what) for where, what in (*sheet.problems, *clips.problems)]

    for place, case in enumerate(CASES["rows"], start=4):
        said = "\n".join(what for where, what in told if where == f"hands row {place}")
        assert [words for words in case["says"] if words not in said] == [], case["about"]
        assert len(said) < 2_000, case["about"]
    assert len({where for where, _ in told}) == len(bad)
    assert sheet.rows == clips.clips == len(bad) + 3
    assert clips.problem_count == len(bad)
    assert desk.sync(full=True).unchanged == sheet.rows


def test_a_bad_sheet_does_not_stop_the_next_one(desk: Desk) -> None:
    start(desk, "hands.csv")
    desk.path.write_bytes(b"")
    next_path = desk.path.with_name("next.csv")
    source = desk.settings.sheets[0].model_copy(update={"name": "next", "path": next_path})
    following = Desk(
        engine=desk.engine,
        settings=desk.settings.model_copy(update={"sheets": (*desk.settings.sheets, source)}),
        path=next_path,
        sheet="next",
    )
    following.write(*GOOD)

    with pytest.raises(PokervodError):
        desk.sync()

    assert following.sync().added == 3


def test_an_id_that_stands_twice_is_named_in_both_places_and_both_rows_count(desk: Desk) -> None:
    desk.path.write_text(
        "id,title,time_start_ms,time_end_ms\nu-1,show 1,1000,2000\nu-2,show 2,1000,2000\nU-1,show 3,1000,2000\n"
    )

    report = desk.sync()

    assert report.rows == 3
    assert report.problems[0][0] == "hands row 4"
    assert "'u-1' stands in hands row 2 too" in report.problems[0][1]
    assert desk.sync().problems == report.problems


def test_columns_under_one_merged_header_are_all_read(desk: Desk) -> None:
    """A merged header is saved as one name and blanks, in a workbook as in a CSV."""
    desk.path.write_text(
        "File No.,File Name,In,Out,Tag (Player),,,Tag (Emotion),,Winner,\n"
        "1,show 1,0:01:00,0:02:00,Ana,Tom,Ivo,Tilt,Joy,AA,a remark\n"
    )
    desk.sync()
    desk.build()

    assert [row[0] for row in desk.execute("select name from players order by name")] == ["Ana", "Ivo", "Tom"]
    assert desk.execute("select count(*) from clip_tags")[0][0] == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp949"])
def test_a_sheet_saved_again_in_another_encoding_is_unchanged(desk: Desk, encoding: str) -> None:
    lines = [make_line(1, Hands="핸드 없음", Hand_Grade="★")]
    desk.write(*lines)
    desk.sync()
    desk.path.write_bytes(to_csv(lines).encode(encoding))

    report = desk.sync()

    assert (report.rows, report.unchanged) == (1, 1)
