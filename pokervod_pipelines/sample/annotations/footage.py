"""List the videos of the annotations, and refer to them as people do: by name, title or pasted link."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from random import Random
from urllib.parse import quote

from pokervod_pipelines.sample.archive import list_videos
from pokervod_pipelines.sample.entries import SampleFile
from pokervod_pipelines.sample.families.irregular_names import SAME_NAME
from pokervod_pipelines.sample.videos import PLAYABLE

DOWNLOADED_COPY = re.compile(r"_\d{8,}$")
BYTES_A_SECOND = 400_000
MIN_SECONDS, MAX_SECONDS = 90, 25_000
"""A sparse file has no duration, so notes assume one by its size, within these bounds in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """Describe a video to annotate; ``has_own_name``: its name without extension is unique."""

    file: SampleFile
    seconds: float
    plays: bool
    has_own_name: bool

    @property
    def is_retitled(self) -> bool:
        """Return whether the title lost characters when it became a file name."""
        return self.file.title != self.file.stem


@cache
def list_footage() -> tuple[Footage, ...]:
    """Return every video that notes may be about, without ambiguous ones, in the order of the paths."""
    files = sorted((*list_videos(), *(video.entry for video in PLAYABLE)), key=lambda file: file.path)
    lengths = {video.path: video.seconds for video in PLAYABLE}
    names = Counter(_simplify(file.stem) for file in files)
    return tuple(
        Footage(
            file=file,
            seconds=lengths.get(file.path, min(max(file.size // BYTES_A_SECOND, MIN_SECONDS), MAX_SECONDS)),
            plays=file.path in lengths,
            has_own_name=names[_simplify(file.stem)] == 1,
        )
        for file in files
        if file.name != SAME_NAME and file.about.get("project") != "OTHER"
    )


def call_by_name(rng: Random, footage: Footage) -> str:
    """Return the name as a person types it: mostly without extension, the title where the two differ."""
    if not footage.has_own_name or rng.randrange(4) == 0:
        return footage.file.name
    return footage.file.title if footage.is_retitled and rng.randrange(3) else footage.file.stem


def paste_link(rng: Random, footage: Footage) -> str:
    r"""Return the file's place as some client shows it: UNC, drive letter, ``smb://``; to the folder or the file."""
    place = footage.file.path if rng.randrange(3) == 0 else footage.file.folder
    windows = place.replace("/", "\\")
    shapes = (
        rf"\\nas\vod\{windows}",
        rf"Z:\{windows}",
        f"//nas/vod/{place}",
        f"smb://nas/vod/{place}",
        f"smb://nas/vod/{quote(place)}",
        rf"\\NAS\VOD\{windows}".upper(),
        rf"z:\{windows}".lower(),
    )
    return rng.choice(shapes)


def _simplify(stem: str) -> str:
    """Return what two names must differ in to be told apart: no punctuation, no number of a downloaded copy."""
    return "".join(filter(str.isalnum, DOWNLOADED_COPY.sub("", stem).casefold()))
