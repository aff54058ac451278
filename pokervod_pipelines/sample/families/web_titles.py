"""List Hustler Casino Live clips: the title of a web video, after a download tool made a file name of it."""

import string
from collections.abc import Iterator
from random import Random

from pokervod_pipelines.sample.entries import MEGABYTE, SampleFile, make_video, seeded
from pokervod_pipelines.sample.vocabulary import NICKNAMES, PLAYERS, WEB_OPENINGS, WEB_TAILS, WEB_WORDS

ROOT = "ARCHIVE/HCL/HCL Poker Clip"
YEARS = (2023, 2024, 2025)
TITLES = 84
ID_CHARACTERS = string.ascii_letters + string.digits + "-_"
CHANNELS = ("", " @HustlerCasinoLive", " @HustlerCasinoLive", " @Hustler Casino Live")


def list_files() -> Iterator[SampleFile]:
    """Yield the clips, each title once."""
    rng = seeded("web titles")
    titles: dict[str, str] = {}
    while len(titles) < TITLES:
        title = _make_title(rng)
        # Two titles that differ in punctuation only would be one name to whoever matches sheets to files.
        titles.setdefault("".join(filter(str.isalnum, title.casefold())), title)
    for place, title in enumerate(titles.values()):
        title_with_channel = title + rng.choice(CHANNELS)
        path = f"{ROOT}/{YEARS[place % len(YEARS)]}/{name_on_disk(title_with_channel)}{_make_suffix(rng)}.mp4"
        about = {"project": "HCL", "location": "LOS ANGELES", "tournament": "Hustler Casino Live"}
        yield make_video(path, min_bytes=38 * MEGABYTE, max_bytes=420 * MEGABYTE, title=title_with_channel, about=about)


def name_on_disk(title: str) -> str:
    """Return what a download tool makes of a title: what Windows forbids is replaced or removed.

    >>> name_on_disk('Can He Fold? | "Never"')
    'Can He Fold _ Never'
    """
    return title.replace("?", "").replace(":", " ").replace('"', "").replace(" | ", " _ ")


def _make_title(rng: Random) -> str:
    first, second = rng.sample((*PLAYERS, *NICKNAMES), 2)
    opening = rng.choice(WEB_OPENINGS).format(a=first, b=second, words=rng.choice(WEB_WORDS))
    return opening + rng.choice(WEB_TAILS).format(thousand=rng.randrange(40, 600))


def _make_suffix(rng: Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return ".f399"
    if kind == 1:
        # A digit in front and capitals in both cases behind: no reader may take the id for a word.
        return f" [{rng.randrange(10)}{''.join(rng.choice(ID_CHARACTERS) for _ in range(8))}zQ]"
    return ""
