"""Check that the sample has the shapes of names of a real archive, with its traps, and none of its names."""

import csv
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pytest

from pokervod_pipelines.sample.archive import LIBRARIES, list_all, list_videos
from pokervod_pipelines.sample.entries import APPLE_DOUBLE_BYTES, SampleFile
from pokervod_pipelines.sample.families.irregular_names import COPIES, MISLABELLED, SAME_NAME
from pokervod_pipelines.sample.families.web_titles import name_on_disk
from pokervod_pipelines.sample.videos import PLAYABLE
from pokervod_pipelines.sample.vocabulary import PLAYERS

SYSTEM_NAMES = {".DS_Store", "Thumbs.db", "._Generics"}

FINGERPRINT = """
import hashlib
from pokervod_pipelines.sample.archive import list_all
from pokervod_pipelines.sample.layout import WORKBOOKS
digest = hashlib.sha256(repr([(file.path, file.size, file.mtime) for file in list_all()]).encode())
for build in WORKBOOKS.values():
    digest.update(build()[0])
print(digest.hexdigest())
"""


def names() -> list[str]:
    return [file.name for file in list_videos()]


def junk_files() -> list[SampleFile]:
    videos = {file.path for file in list_videos()}
    return [file for file in list_all() if file.path not in videos]


FAMILIES = [
    # bracelet clips
    (r"\d+-wsop-2023-be-ev-\d\d-\w+-.+-(ft|ft-hs|day2|day03-hs)-.+-(clean|CLEAN|Clean).*\.mp4", 20),
    (r"\d+-wsop-2023-me-(day\w+|ft-day\d)-.+\.mp4", 20),
    (r"\d+-wsop-2023-.+_1_prob4\.mp4", 1),
    # circuit, Paradise, Europe
    (r"WCLA25-\d\d\.mp4", 26),
    (r"WP24-\d\d\.mp4", 34),
    (r"WP24-(PE|ET)-\d\d\.mp4", 10),
    (r"WE23-ME-\d\d\.mp4", 22),
    (r"WSOPE\d\d_Episode_\d+_H264\.mov", 20),
    (r"wsope-2023-\w+-.+-ft-\d{3}\.mp4", 2),
    (r"#WSOPE 2023 NLH MAIN EVENT   DAY \w+   BRACELET EVENT #\d+\.mp4", 2),
    (r"\d_2025 WSOPE #\d €[\d,]+ .+ Final Day Part \d_NC\.mp4", 9),
    (r"🏆 WSOPE .+ - Final Day \[BRACELET EVENT #\d\] .+ 👑 #wsop #poker\.mp4", 3),
    (r"HyperDeck_\d{4}-00\d\.mp4", 12),
    (r"\$3M GTD   WSOP Super Circuit Cyprus Mini Main Event - .+\.mp4", 4),
    (r"2025 WSOP Circuit Los Angeles - .+\.mp4", 4),
    (r"WSOP Paradise Main Event \(.+\) - .+ & .+ \[\$10M Prize\]\.mp4", 4),
    # the archive years
    (r"wsop-19\d\d-me-nobug\.mp4", 5),
    (r"wsop-19\d\d-me_nobug\.mp4", 2),
    (r"WSOP_2002-\d\d\.mxf", 8),
    (r"WSOP_2003_\d+\.mxf", 20),
    (r".+-MPEG-2 6\.2Mbps 2-pass\.mxf", 1),
    (r"2003 WSOP Show \d+ .+ Generic_ESM000\d{6}\.mov", 5),
    (r"WSOP 2007 Show \d+ ME \d+_ES0700\d{6}_GMPO \d{3}\.mov", 10),
    (r"2008 WSOP ME24 Final Table Part \d\.mov\.mov", 2),
    (r"ESPN 2009 WSOP SEASON 7 SHOW \d+\.mov", 20),
    (r"WS10_ME\d\d_NB\.mp4", 20),
    (r"WS11_Show_\d+_ME\d\d_NB\.mp4", 20),
    (r"WSOP12_(ME|NC|APAC_ME)\d\d_NB\.mp4", 20),
    (r"WSOP14_ME\d\d.*_FINAL_4CH.*\.mov", 10),
    (r"2015 World Series of Poker - Main Event Show \d\d - GMPO \d{4}\.mxf", 10),
    # streams
    (r"202[123] WSOP Event #\d+ ?-? ?-? ?\$[\d,]+ .+ Final Table\.mp4", 40),
    (r"2022 WSOP Event #70 - \$10,000 .+ Day 2ABD\.mp4", 1),
    (r"WSOP 2025 Bracelet Events _ Event ?#\d+ \$\d+K .+\.mp4", 15),
    (r"WSOP 2025 Bracelet Events   Event ?#\d+ \$\d+K .+\.mp4", 3),
    (r".+ Event#\d+ .+\.mp4", 4),
    (r".+_\d{9}\.mp4", 3),
    (r"WSOP 2025 Main Event _ Day \d \(Part \d\)\.mp4", 8),
    (r"WSOP 2025 Main Event _ Day 2A_B_C \(Part 1\)\.mp4", 1),
    (r"WSOP 2025 Main Event Day 1E & .+ Final Table\.mp4", 1),
    # hand clips
    (r"12\d\d_Hand_\d\d_.+ \w{4} vs .+ \w{4}_Clean\.mp4", 40),
    (r"12\d\d_Hand_\d\d_.+ \w{4} vs .+ \w{4}_PGM\.mp4", 60),
    (r"12\d\d_Hand_\d\d_.+ vs .+ vs .+_PGM\.mp4", 5),
    (r"1219_Hand_\d\d_.+\(\dth\) .+\.mp4", 2),
    # the other shows
    (r"pad-s12-ep\d\d-\d{3}\.mp4", 16),
    (r"PAD_S13_EP\d\d_GGPoker-\d{3}\.mp4", 16),
    (r"PAD_S13_EP\d\d_BestOf_FinalLook_HiRes-\d{3}\.mp4", 1),
    (r"E\d\d_GOG_final_edit_\d{8}_최종\.mp4", 4),
    (r"E\d\d_GOG_final_edit_\d{8}_찐최종\.mp4", 4),
    (r"E\d\d_GOG_final_edit_클린본(_\d+)?\.mp4", 8),
    (r"E\d\d_GOG_final_edit_\d{6}\.mp4", 2),
    (r"25\d{4}_Super High Roller Poker FINAL TABLE with .+\.mp4", 11),
    (r"Super High Roller Poker FINAL TABLE with .+\.mp4", 11),
    (r"\$\dM GTD   \$\S+ MPP .+ – .+\.mp4", 11),
    (r".+ – Day 2 Session \d\.mp4", 2),
    (r".+ @HustlerCasinoLive.*\.mp4", 20),
    (r".+ \[[\w-]{11}\]\.mp4", 10),
    (r".+\.f399\.mp4", 10),
]


def find_rare(texts: Iterable[str], expected: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Count the texts of each shape; return the shapes that fewer texts have than expected."""
    texts = [*texts]
    counts = {shape: sum(bool(re.fullmatch(shape, each)) for each in texts) for shape, _ in expected}
    return {shape: counts[shape] for shape, at_least in expected if counts[shape] < at_least}


def test_every_family_of_names_is_there() -> None:
    assert find_rare(names(), FAMILIES) == {}


TRAPS = {
    "Hangul": r"[가-힣]",
    "euro sign": "€",
    "en dash": "–",
    "curly apostrophe": "’",
    "emoji": "[🏆😱]",
    "accent": "[äéíñü]",
    "two spaces": r"\S  \S",
    "three spaces": r"\S   \S",
    "double extension": r"\.mov\.mov$",
    "extension in capitals": r"\.MOV$",
    "starts with #": "(^|/)#",
    "decimal point that is no extension": r"(^|/)\d\.\dx ",
    "copy of a browser": r" \(\d\)\.",
    "folder with a year that is none": r"PRE-2016",
    "dots of an abbreviation": r"H\.O\.R\.S\.E\.",
}


def test_every_trap_of_real_names_is_there() -> None:
    paths = [file.path for file in list_videos()]

    assert [trap for trap, shape in TRAPS.items() if not any(re.search(shape, path) for path in paths)] == []


def test_every_container_is_there() -> None:
    counts = Counter(name.lower().rpartition(".")[2] for name in names())
    at_least = Counter({"mp4": 700, "mov": 100, "mxf": 50, "avi": 2, "mkv": 1, "webm": 1})

    assert counts >= at_least


def test_a_quarter_is_junk() -> None:
    assert 0.2 <= len(junk_files()) / len(list_all()) <= 0.3


JUNK = [
    (r"(.*/)?\._[^/]+\.mp4", 150),
    (r"(.*/)?\._[^/]+\.mov", 10),
    (r"(.*/)?\.DS_Store", 10),
    (r"(.*/)?Thumbs\.db", 5),
    (r".*\.mp4 48000\.pek", 2),
    (r".*\.mxf\.xmp", 1),
    (r".*바로 가기\.lnk", 1),
    (r".*\.txt", 1),
    (r".*\.part", 2),
    (r"\.mam/[0-9a-f-]{36}/files\.db", 2),
    (r".*/\._Generics", 1),
]


def test_every_sort_of_junk_is_there() -> None:
    assert find_rare((file.path for file in junk_files()), JUNK) == {}


def test_apple_double_files_are_beside_their_video_and_have_their_size() -> None:
    paths = {file.path for file in list_videos()}
    doubles = [file for file in junk_files() if file.name.startswith("._") and file.name != "._Generics"]

    assert {file.size for file in doubles} == {APPLE_DOUBLE_BYTES}
    assert all(f"{file.folder}/{file.name.removeprefix('._')}" in paths for file in doubles)


def test_the_text_file_is_empty() -> None:
    assert [file.size for file in junk_files() if file.name.endswith(".txt")] == [0]


def test_no_path_is_there_twice_not_even_in_another_case_or_composition() -> None:
    """Check it because on a Mac or on Windows two such files would be one."""
    paths = [*(file.path for file in list_all()), *(video.path for video in PLAYABLE)]

    folded = Counter(unicodedata.normalize("NFC", path).casefold() for path in paths)

    assert [path for path, count in folded.items() if count > 1] == []


def test_every_path_is_relative_and_fits_a_file_system() -> None:
    for file in (*list_all(), *(video.entry for video in PLAYABLE)):
        path = PurePosixPath(file.path)

        assert not path.is_absolute(), path
        assert ".." not in path.parts, path
        assert max(len(part.encode()) for part in path.parts) <= 255, path
        assert not re.search(r'[\x00-\x1f\\:*?"<>|]', file.path), path


def test_the_longest_path_is_as_long_as_that_of_a_real_archive() -> None:
    assert max(len(file.path) for file in list_videos()) == 289


def test_one_name_is_decomposed_and_all_others_are_composed() -> None:
    decomposed = [file.path for file in list_videos() if unicodedata.normalize("NFC", file.path) != file.path]

    assert [unicodedata.normalize("NFC", path) for path in decomposed] == [
        "Clips/결승전 하이라이트 – Lucía Peñarosa.mp4"
    ]


def test_only_the_copies_and_the_mislabelled_have_equal_sizes() -> None:
    """Compare sizes: sparse files are equal if and only if their sizes are."""
    sizes = Counter(file.size for file in list_videos())

    assert sorted(count for count in sizes.values() if count > 1) == [2, 3]
    assert {file.path for file in list_videos() if sizes[file.size] > 1} == {
        path for path, _ in (*COPIES, *MISLABELLED)
    }


def test_one_name_is_in_two_folders_with_different_content() -> None:
    twins = [file for file in list_videos() if file.name == SAME_NAME]

    assert len({file.folder for file in twins}) == len({file.size for file in twins}) == len(twins) == 2


def test_most_bracelet_clips_are_there_clean_and_mastered() -> None:
    numbers: dict[str, set[str]] = {}
    for file in list_videos():
        if "(PokerGo Clip)" in file.path:
            numbers.setdefault(PurePosixPath(file.folder).name, set()).add(file.name.partition("-")[0])

    assert numbers["Clean"] < numbers["Mastered"]
    assert len(numbers["Clean"]) >= 50


def test_one_episode_of_game_of_gold_is_there_in_all_its_edits() -> None:
    edits = [name for name in names() if name.startswith("E04_GOG")]

    assert [sum(name.endswith(f"{mark}.mp4") for name in edits) for mark in ("_찐최종", "_최종")] == [1, 1]
    assert sum("클린본" in name for name in edits) == 1
    assert len(edits) == 4


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Can He Fold?", "Can He Fold"),
        ("A | B", "A _ B"),
        ('He Said: "I Knew It"', "He Said  I Knew It"),
        ("Plain $120,000 Pot!", "Plain $120,000 Pot!"),
    ],
)
def test_a_title_loses_on_disk_what_windows_forbids(title: str, name: str) -> None:
    assert name_on_disk(title) == name


def test_some_titles_differ_from_their_names() -> None:
    assert sum(file.title != file.stem for file in list_videos()) >= 60


def test_libraries_are_the_folders_of_the_projects() -> None:
    assert ("gog", "ARCHIVE/GOG 최종") in LIBRARIES
    assert ("emotion", "Player Emotion  & ETC") in LIBRARIES
    assert LIBRARIES[-1] == ("rest", ".")


@pytest.mark.long
def test_every_process_makes_the_same_sample() -> None:
    """Compare processes: sets and hashes differ between them, and the sample must not follow them."""
    made = {
        subprocess.run(
            [sys.executable, "-c", FINGERPRINT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(made) == 1


def test_nothing_is_copied_from_the_real_archive(shared_data: Path) -> None:
    with (shared_data / "archive_listing.tsv").open(encoding="utf-8", newline="") as file:
        real = {PurePosixPath(row["path"]).name for row in csv.DictReader(file, delimiter="\t")}
    with (shared_data / "filename_truth.tsv").open(encoding="utf-8", newline="") as file:
        real |= {row["file_name"] for row in csv.DictReader(file, delimiter="\t")}

    made = {file.name for file in list_all()} | {video.entry.name for video in PLAYABLE}

    assert made & real <= SYSTEM_NAMES
    assert [player for player in PLAYERS if any(player.casefold() in name.casefold() for name in real)] == []
