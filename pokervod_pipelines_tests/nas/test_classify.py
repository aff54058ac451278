"""What paths tell: a corpus of shapes, and the real listing where it is at hand."""

import csv
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.nas.classify import Category, VersionType, classify, is_unfinished

CORPUS = yaml.safe_load((Path(__file__).parents[1] / "cases" / "nas" / "classify.yaml").read_text(encoding="utf-8"))
CASES = [(path, told) for group in CORPUS.values() for path, told in group.items()]


@pytest.mark.parametrize(("path", "told"), CASES, ids=[path for path, _ in CASES])
def test_a_path_tells_its_kind(path: str, told: list[object]) -> None:
    size = 0 if path.endswith(" (0 bytes)") else 5_000

    kind = classify(path.removesuffix(" (0 bytes)"), size)

    assert [kind.category, kind.version_type, kind.is_junk] == told


@pytest.mark.parametrize("path", ["A/E04_GOG_클린본.mp4", "클린본/E04.mp4"])
def test_a_name_in_nfd_tells_the_same(path: str) -> None:
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
    ],
)
def test_an_unfinished_copy_is_known_by_its_name(path: str, is_so: bool) -> None:
    assert is_unfinished(path) is is_so


@given(st.text(min_size=1), st.integers(min_value=0, max_value=2**62))
def test_every_path_has_a_kind(path: str, size: int) -> None:
    kind = classify(path, size)

    assert not (kind.category is Category.VIDEO and kind.is_junk)
    assert kind.category is Category.VIDEO or kind.version_type is VersionType.UNTOLD


def test_the_real_listing_has_the_videos_that_people_counted(shared_data: Path) -> None:
    with (shared_data / "archive_listing.tsv").open(encoding="utf-8", newline="") as listing:
        rows = [row for row in csv.DictReader(listing, delimiter="\t") if row["kind"] == "file"]

    kinds = [classify(row["path"], int(row["size_bytes"])) for row in rows]

    assert sum(kind.category is Category.VIDEO for kind in kinds) == 1_380
    assert sum(kind.is_junk for kind in kinds) == 495
