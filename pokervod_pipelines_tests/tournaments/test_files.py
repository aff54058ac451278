"""Test that files are read when they are complete and unchanged; encodings that are not certain are named."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pokervod_pipelines.errors import BadInput, PokervodError, Unavailable
from pokervod_pipelines.files import SeenFile
from pokervod_pipelines.processes.share_reader import access_path
from pokervod_pipelines.tournaments.files import decode_export, find_exports, read_export_file
from pokervod_pipelines_tests.processes.shares import record_followed

NO_TIME = timedelta(0)


def read(path: Path) -> str:
    return decode_export(read_export_file(path, quiet_time=NO_TIME))


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        ("올인\n".encode("cp949"), BadInput, r"bad.csv: .*Korean Windows \(CP949\) \(line 1: '올인'\)"),
        ("name\nRené\n".encode("cp1252"), BadInput, r"bad.csv: .*Windows-1252 \(line 2: 'René'\)"),
        (b"name\n\xff\xfe\xfa,\x80\n", BadInput, "bad.csv: Expected UTF-8, .* line 2"),
        (b"name\nAn\x00a\n", BadInput, "bad.csv: line 2 contains a null byte"),
        ("name\n한".encode()[:-1], Unavailable, "ends inside a character"),
    ],
)
def test_a_doubtful_encoding_is_named(tmp_path: Path, content: bytes, error: type[PokervodError], reason: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)

    with pytest.raises(error, match=reason):
        read(path)


ROWS = "선수,칩\n김민수,1000\n박지영,2000\n이재"


@pytest.mark.parametrize(
    ("content", "old"),
    [
        (b"Player,Chips\nAna,1\0", "line 2 contains a null byte"),
        (b"Player,Chips\nAna,1\0\n", "line 2 contains a null byte"),
        (b"Player,Chips\n\x1b$B$\x22\x1b(B,1", "looks like ISO-2022"),
        ("한,1\n".encode("cp949"), "Korean Windows"),
        (ROWS.encode("utf-16")[:-1], "ends inside a character, so it was cut off"),
        (ROWS.encode("utf-16-le")[:-1], "ends inside a character, so it was cut off"),
        (ROWS.encode("cp949")[:-1], "Expected UTF-8"),
        ("name\nRené".encode("cp1252"), "Windows-1252"),
    ],
)
def test_an_unreadable_file_is_waited_for_only_while_it_is_new(tmp_path: Path, content: bytes, old: str) -> None:
    """A damaged file without a last line end was waited for without an end, a half-written one refused at once."""
    path = tmp_path / "players.csv"
    path.write_bytes(content)

    with pytest.raises(Unavailable, match=r"players.csv: may be incomplete; it will be read when it stops changing"):
        decode_export(read_export_file(path, quiet_time=timedelta(hours=1)))
    with pytest.raises(BadInput, match=old):
        read(path)


@pytest.mark.parametrize("end", [1, 2])
def test_a_file_cut_inside_a_character_is_waited_for_at_any_age(tmp_path: Path, end: int) -> None:
    path = tmp_path / "players.csv"
    path.write_bytes(ROWS.encode()[:-end])

    for quiet_time in (NO_TIME, timedelta(hours=1)):
        with pytest.raises(Unavailable):
            decode_export(read_export_file(path, quiet_time=quiet_time))


@pytest.mark.parametrize("encoding", ["utf-16", "cp949"])
def test_a_certain_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "korean.csv"
    path.write_bytes("name,chips\n김철수,100\n".encode(encoding))

    assert read(path) == "name,chips\n김철수,100\n"


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    path = tmp_path / "bom.csv"
    path.write_bytes(b"\xef\xbb\xbfdate\n")

    assert read(path) == "date\n"


def test_a_file_is_dated_by_when_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("date\n")
    os.utime(path, ns=(0, 1_700_000_000_123_456_789))

    file = read_export_file(path, quiet_time=timedelta(seconds=2))

    assert file.seen_at == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)
    assert not file.is_fresh


def test_a_file_from_the_future_is_refused_because_it_would_outlive_all_others(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text("date\n")
    os.utime(path, (4e9, 4e9))

    with pytest.raises(BadInput, match="file time 2096-10-02 is in the future; set the clock"):
        read(path)


@pytest.mark.parametrize("name", ["absent.csv", "folder/absent.csv"])
def test_a_file_that_is_not_there_is_waited_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unavailable, match="cannot be read now"):
        read(tmp_path / name)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a file, got a folder"):
        read(tmp_path)


def test_a_link_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (tmp_path / "drop").mkdir()
    link = tmp_path / "drop" / "players.csv"
    link.symlink_to("../secret.csv")

    with pytest.raises(BadInput, match="link out of its folder"):
        read(link)


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "players.csv"
    link.symlink_to(link)

    with pytest.raises(BadInput, match=r"players.csv: is a link that leads to itself; put the file itself there"):
        read(link)


def test_a_folder_stands_for_the_exports_in_it(tmp_path: Path) -> None:
    for name in ("b.csv", "A.CSV", "c.tsv", "._b.csv", "~b.csv", "b.csv.part", "notes.docx"):
        (tmp_path / name).write_text("x")
    (tmp_path / "old.csv").mkdir()

    found = access_path(tmp_path, find_exports)
    assert [(Path(each.path).name, each.size) for each in found] == [("A.CSV", 1), ("b.csv", 1), ("c.tsv", 1)]
    assert access_path(tmp_path / "b.csv", find_exports) == found[1:2]
    assert access_path(tmp_path / "missing.csv", find_exports) == [SeenFile(str(tmp_path / "missing.csv"), 0, 0)]


def test_a_link_of_a_local_folder_to_a_share_is_listed_but_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that does not answer would hang this process."""
    (tmp_path / "a.csv").symlink_to("/proc/version")
    (tmp_path / "b.csv").symlink_to("a.csv")
    (tmp_path / "c.csv").write_text("x")
    (tmp_path / "d.csv").symlink_to("c.csv")
    for name, target in (("nowhere", "missing"), ("itself", "itself.csv"), ("folder", ".")):
        (tmp_path / f"{name}.csv").symlink_to(target)
    followed = record_followed(monkeypatch)

    found = access_path(tmp_path, find_exports)

    assert [(Path(each.path).name, each.size) for each in found] == [
        ("a.csv", len("/proc/version")), ("b.csv", len("a.csv")), ("c.csv", 1), ("d.csv", 1),
    ]  # fmt: skip
    assert not followed & {str(tmp_path / name) for name in ("a.csv", "b.csv")}
    with pytest.raises(BadInput, match="link out of its folder"):
        read(tmp_path / "a.csv")
