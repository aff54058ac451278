"""List the quarter of an archive that is not video: what systems, editors and interrupted copies leave behind."""

import uuid
from collections.abc import Iterator, Sequence

from pokervod_pipelines.sample.entries import APPLE_DOUBLE_BYTES, GIGABYTE, SampleFile, digest, seeded
from pokervod_pipelines.sample.families import hand_clips, tapes

MAC_SHARE = 4
"""A Mac copied one of this many videos and left an AppleDouble file beside it."""

FINDER_FOLDERS = 5
EXPLORER_FOLDERS = 7
"""Finder (.DS_Store) or Windows Explorer (Thumbs.db) opened one of this many folders."""

LEFT_BEHIND = (
    ("ARCHIVE/GOG 최종/e04 - 바로 가기.lnk", 2_230),
    ("ARCHIVE/GOG 최종/e10/E10_GOG_final_edit_20240301.mp4 48000.pek", 4_886_596),
    ("ARCHIVE/GOG 최종/e10/자막 싱크.txt", 0),
    (f"{hand_clips.ROOT}/Day 2/1216_Hand_77_rough cut.mp4 48000.pek", 1_220_412),
    (f"{tapes.ROOT}/WSOP 2015/Main Event MXFs/2015 World Series of Poker - Main Event Show 01.mxf.xmp", 2_903),
    (f"{tapes.ROOT}/WSOP 2003/._Generics", APPLE_DOUBLE_BYTES),
    ("ARCHIVE/HCL/HCL Poker Clip/2025/Download still running.mp4.part", 212_336_640),
    ("ARCHIVE/MPP/2024 MPP Cyprus/copy in progress.mp4.part", 4 * GIGABYTE),
    ("archive_listing_for_the_office.csv", 281_404),
)


def list_junk_files(videos: Sequence[SampleFile]) -> Iterator[SampleFile]:
    """Yield the junk among these videos."""
    for video in videos:
        if digest(f"mac {video.path}") % MAC_SHARE == 0:
            yield SampleFile(path=f"{video.folder}/._{video.name}", size=APPLE_DOUBLE_BYTES)
    folders = {"", "ARCHIVE", "ARCHIVE/HCL"} | {video.folder for video in videos}
    for folder in sorted(folders):
        prefix = f"{folder}/" if folder else ""
        if digest(f"finder {folder}") % FINDER_FOLDERS == 0 or not folder:
            yield SampleFile(path=f"{prefix}.DS_Store", size=6_148 + 2_048 * (digest(folder) % 3))
        if digest(f"explorer {folder}") % EXPLORER_FOLDERS == 0:
            yield SampleFile(path=f"{prefix}Thumbs.db", size=14_848 + 512 * (digest(folder) % 17))
    for path, size in LEFT_BEHIND:
        yield SampleFile(path=path, size=size)
    yield from _list_hidden_folder()


def _list_hidden_folder() -> Iterator[SampleFile]:
    """Yield the state of a media asset manager, hidden at the root."""
    rng = seeded("hidden folder")
    for _ in range(2):
        folder = f".mam/{uuid.UUID(int=rng.getrandbits(128), version=4)}"
        yield SampleFile(path=f"{folder}/files.db", size=rng.randrange(40_000, 90_000))
        yield SampleFile(path=f"{folder}/state.json", size=rng.randrange(400, 900))
