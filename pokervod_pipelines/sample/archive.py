"""List all files of the sample archive, and the libraries it is divided into.

A new family is one entry in ``FAMILIES``. Nothing here touches a disk.
"""

from collections.abc import Callable, Iterator
from functools import cache

from pokervod_pipelines.sample.entries import SampleFile
from pokervod_pipelines.sample.families import (
    bracelet_clips,
    branches,
    hand_clips,
    irregular_names,
    junk_files,
    shows,
    streams,
    tapes,
    web_titles,
)

FAMILIES: tuple[Callable[[], Iterator[SampleFile]], ...] = (
    tapes.list_files,
    bracelet_clips.list_files,
    streams.list_files,
    hand_clips.list_files,
    branches.list_files,
    shows.list_files,
    web_titles.list_files,
    irregular_names.list_files,
)

LIBRARIES = (
    ("wsop", "ARCHIVE/WSOP"),
    ("pad", "ARCHIVE/PAD"),
    ("gog", "ARCHIVE/GOG 최종"),
    ("ggmillions", "ARCHIVE/GGMillions"),
    ("hcl", "ARCHIVE/HCL"),
    ("mpp", "ARCHIVE/MPP"),
    ("clips", "Clips"),
    ("emotion", "Player Emotion  & ETC"),
    ("rest", "."),
)
"""Name and folder; ``rest`` takes what is in none of the others."""


@cache
def list_videos() -> tuple[SampleFile, ...]:
    """Return every sparse video, unfinished copies not included, in the order of their paths."""
    videos = (video for family in FAMILIES for video in family())
    return tuple(sorted(videos, key=lambda video: video.path))


@cache
def list_all() -> tuple[SampleFile, ...]:
    """Return every sparse file of the archive: the videos and the junk between them, in the order of their paths."""
    videos = list_videos()
    return tuple(sorted((*videos, *junk_files.list_junk_files(videos)), key=lambda file: file.path))
