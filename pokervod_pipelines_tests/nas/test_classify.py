"""Classify paths: a corpus of shapes, and the real listing where it is available."""

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.nas.classify import Category, VersionType, classify, is_unfinished
from pokervod_pipelines_tests.read_yaml import read_yaml

CORPUS = read_yaml(Path(__file__).parents[1] / "cases" / "nas" / "classify.yaml")
CASES = [(path, expected) for group in CORPUS.values() for path, expected in group.items()]


@pytest.mark.parametrize(("path", "expected"), CASES, ids=[path for path, _ in CASES])
def test_a_path_has_its_class(path: str, expected: list[object]) -> None:
    size = 0 if path.endswith(" (0 bytes)") else 5_000

    file_class = classify(path.removesuffix(" (0 bytes)"), size)

    assert [file_class.category, file_class.version_type, file_class.is_junk] == expected


@pytest.mark.parametrize("path", ["A/E04_GOG_클린본.mp4", "클린본/E04.mp4"])
def test_a_name_in_nfd_has_the_same_class(path: str) -> None:
    assert classify(unicodedata.normalize("NFD", path), 1) == classify(path, 1)
    assert classify(path, 1).version_type is VersionType.CLEAN


@pytest.mark.parametrize(
    ("path", "is_so"),
    [
        ("A/show.mp4.part", True),
        ("A/show.mp4.PART", True),
        ("A/show.crdownload", True),
        ("A/show.mp4.filepart", True),
        ("A/show.mp4.tmp", True),
        ("A/notes.tmp", False),
        ("A/show.mp4", False),
        ("A/part.mp4", False),
        ("A/show part", False),
        ("A/show.temp.mp4", True),  # yt-dlp, while it merges picture and sound
        ("A/show [id].f137.mp4.part", True),
        ("A/show.mp4.part-Frag12", True),
        ("A/show.mp4.part-Frag12.part", True),
        ("A/show.f399.mp4", False),  # yt-dlp, a finished track
        ("A/show.mp4.ytdl", True),
        ("A/show.mp4.aria2", True),
        ("A/show.mkv.!qB", True),
        ("A/show.mkv.!ut", True),
        ("A/show.mp4.bc!", True),
        ("A/show.mp4.xltd", True),
        ("A/show.mp4.bt.xltd", True),
        ("A/show.mp4.td", True),
        ("A/show.mp4.fdmdownload", True),
        ("A/show.mp4.opdownload", True),
        ("A/Unconfirmed 117.crdownload", True),
        ("A/show.mp4.download/show.mp4", True),  # Safari
        ("A/show.mp4.partial", True),  # Edge, rclone
        ("A/show.mp4.6ad3f1.partial", True),
        ("A/show.mp4.sb-0f3c2a1b-Xy12Zq", True),  # macOS replaces a file
        ("A/~syncthing~show.mp4.tmp", True),
        ("A/_UNPACK_show/show.mkv", True),  # SABnzbd
        ("A/show.incomplete.mkv", True),
        ("A/show.mxf.inprogress", True),
        ("A/show.mp4.upload", True),
        ("A/.show.mp4.part", False),  # hidden: junk
        ("A/The Temp.mp4", False),
        ("A/temp/show.mp4", False),
        ("A/Part 1.mp4", False),
        ("A/party.temp.txt", False),
    ],
)
def test_an_unfinished_copy_is_known_by_its_name(path: str, is_so: bool) -> None:
    assert is_unfinished(path) is is_so


@given(st.text(min_size=1), st.integers(min_value=0, max_value=2**62))
def test_every_path_has_a_file_class(path: str, size: int) -> None:
    file_class = classify(path, size)

    assert not (file_class.category is Category.VIDEO and file_class.is_junk)
    assert file_class.category is Category.VIDEO or file_class.version_type is VersionType.UNKNOWN


def test_the_real_listing_has_the_videos_that_people_counted(shared_data: Path) -> None:
    with (shared_data / "archive_listing.tsv").open(encoding="utf-8", newline="") as listing:
        rows = [row for row in csv.DictReader(listing, delimiter="\t") if row["kind"] == "file"]

    classes = [classify(row["path"], int(row["size_bytes"])) for row in rows]

    assert sum(each.category is Category.VIDEO for each in classes) == 1_380
    assert sum(each.is_junk for each in classes) == 495
