"""List loose clips, names that no rule reads, copies, mislabelled copies and unusual Unicode."""

import unicodedata
from collections.abc import Iterator

from pokervod_pipelines.sample.entries import GIGABYTE, MEGABYTE, SampleFile, make_video
from pokervod_pipelines.sample.families import tapes

EMOTION = "Player Emotion  & ETC"
EUROPE_2025 = "ARCHIVE/WSOP/WSOP Bracelet Event/WSOP-EUROPE/2025 WSOP-Europe"
HAND_CLIPS = "ARCHIVE/WSOP/WSOP Bracelet Event/WSOP-PARADISE/2024 WSOP-PARADISE SUPER MAIN EVENT/Hand Clip"

LOOSE_CLIPS = (
    "UNREAL COOLER! Captain Nit Can’t Believe It!.mp4",
    "The Slowest Slowroll  in Poker History  [MUST SEE].mp4",
    "Worst River of the Year! Quads vs. Straight Flush!.mp4",
    "Greta Holloway Wins Main Event for $8,000,000   2018 WSOP   Recap.mp4",
    "World Series of Poker Main Event 2017 - Heads-Up.mp4",
    "시퀀스 02.mp4",
    "새 폴더 테스트 영상.mp4",
    "final_FINAL_v7 (2).mp4",
    "untitled render.avi",
    "IMG_4471.MOV",
    "♠️ Best Folds ♥️ – Vol. 3 😱.mp4",
    "WCLA22-PE-01.mkv",
    "3.5x Pot Jam on the Bubble.webm",
)

COPY_BYTES = 3_512_446_118
MISLABELLED_BYTES = 1_204_118_334

COPIES = (
    (f"{tapes.ROOT}/WSOP 2010/WS10_HU01_NB.mp4", COPY_BYTES),
    (f"{tapes.ROOT}/WSOP 2011/WS10_HU01_NB.mp4", COPY_BYTES),
    ("Clips/Heads-Up Special (copy for edit).mp4", COPY_BYTES),
)
"""The same bytes under two years, and a third time under another name."""

MISLABELLED = (
    (f"{HAND_CLIPS}/Day 4/1218_Hand_31_Oakley AhAd vs Marsh KcKd_PGM.mp4", MISLABELLED_BYTES),
    (f"{HAND_CLIPS}/Day 4/1218_Hand_32_Oakley AhAd vs Marsh KcKd_PGM.mp4", MISLABELLED_BYTES),
)
"""Two hand numbers, the same bytes: one of the names is wrong."""

SAME_NAME = "HyperDeck_0199.mp4"
"""A recorder numbers from the start on each card, so this name is in two folders with different content."""


def list_files() -> Iterator[SampleFile]:
    """Yield the irregular files; a comment or a constant says what is irregular about each."""
    for name in LOOSE_CLIPS:
        yield _make_loose(f"Clips/{name}")
    for code in ("PE", "ET"):
        for number in range(1, 6):
            yield _make_loose(f"{EMOTION}/WP24-{code}-{number:02d}.mp4")
    for path, size in (*COPIES, *MISLABELLED):
        about = {"project": "OTHER" if path.startswith("Clips/") else "WSOP"}
        yield SampleFile(path=path, size=size, title=path.rpartition("/")[2].removesuffix(".mp4"), about=about)
    for day, gigabytes in (("Day 1 A", 52), ("Day 1 B", 11)):
        path = f"{EUROPE_2025}/2025 WSOP-EUROPE #15 MAIN EVENT/NO COMMENTARY WITH GRAPHICS VER/{day}/{SAME_NAME}"
        yield SampleFile(path=path, size=gigabytes * GIGABYTE + 731, title="HyperDeck_0199", about={"project": "WSOP"})
    # A Mac wrote this one: every Hangul syllable and accent is decomposed on disk.
    yield _make_loose(unicodedata.normalize("NFD", "Clips/결승전 하이라이트 – Lucía Peñarosa.mp4"))


def _make_loose(path: str) -> SampleFile:
    return make_video(path, min_bytes=30 * MEGABYTE, max_bytes=800 * MEGABYTE, about={"project": "OTHER"})
