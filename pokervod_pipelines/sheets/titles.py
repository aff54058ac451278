"""Names brought to a form in which a sheet's title and its file on disk are equal.

``|`` ``:`` ``?`` ``"`` of a title became ``_``, a space or nothing on disk, curly quotes became straight, an extension
is missing or doubled, a downloader added an id. What a name *means* (event, day, part) is read in ``marks``.
"""

import re
import unicodedata
from functools import lru_cache

VIDEO_EXTENSION = re.compile(r"\.(?:mp4|mov|mxf|mkv|avi|webm|m4v|wmv|ts|mpg|mpeg)$", re.IGNORECASE)
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]")
"""Zero-width characters and direction marks, which web titles carry along."""

APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\uff07`\u00b4'", ""))
WORD = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*")
SEPARATOR = re.compile(r"(?<!\d) | (?!\d)")

CHANNELS = ("hustlercasinolive", "pokergo", "ggpoker", "wsop")
"""Channel handles that a web title may end with and a file name may not."""

CHANNEL = re.compile(r"\s*@\s*(?:" + "|".join(r"\s?".join(channel) for channel in CHANNELS) + r")\W*$", re.IGNORECASE)
VIDEO_ID = re.compile(r"\[(?![A-Z]{11}|[a-z]{11})([\w-]{11})\]$", re.ASCII)
DOWNLOAD_MARK = re.compile(r"\.f\d{2,4}$|\s*\[(?![A-Z]{11}|[a-z]{11})[\w-]{11}\]$")
"""What download tools add: a format number, the web video's id (eleven characters that are no plain word)."""

COPY_MARKS = (
    re.compile(r"\s*\(\d{1,2}\)$"),
    re.compile(r"\s+-\s+(?:copy|복사본)$", re.IGNORECASE),
    re.compile(r"_\d{7,}$"),
)
"""What a browser, an operating system or a download site adds to a second copy."""


def strip_extension(name: str) -> str:
    """Return the name without its video extension, also without a doubled one.

    >>> strip_extension("2009 WSOP ME25.mov.mov"), strip_extension("3.5x Pot Jam")
    ('2009 WSOP ME25', '3.5x Pot Jam')
    """
    while (shorter := VIDEO_EXTENSION.sub("", name)) not in {name, ""}:
        name = shorter
    return name


@lru_cache(maxsize=65536)
def split_words(text: str) -> tuple[str, ...]:
    """Return the words in one case, without punctuation; numbers keep their decimal point, not their commas.

    >>> split_words("Can't Fold?! $1,500 | 2.5x")
    ('cant', 'fold', '1500', '2.5x')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", INVISIBLE.sub("", text)))
    plain = THOUSANDS.sub("", text.casefold().translate(APOSTROPHES))
    return tuple(WORD.findall(plain))


def make_key(title: str) -> str:
    """Return the form in which a title and its name on disk are equal; numbers never run together.

    >>> make_key("Flush?! @HustlerCasinoLive") == make_key("Flush @Hustler Casino Live")
    True
    >>> make_key("WSOP_2009_31-1") == make_key("WSOP_2009_311")
    False
    """
    return SEPARATOR.sub("", " ".join(split_words(title)))


def strip_marks(stem: str) -> str:
    """Return the stem without the marks of download tools and without the channel at its end.

    >>> strip_marks("Quads! @HustlerCasinoLive [xVZ5XqCSl_I]")
    'Quads!'
    """
    while (shorter := DOWNLOAD_MARK.sub("", stem)) not in {stem, ""}:
        stem = shorter
    return CHANNEL.sub("", stem).strip() or stem


def read_video_id(name: str) -> str:
    """Return the web video's id that a download tool wrote into the name, "" where there is none.

    >>> read_video_id("Quads! [xVZ5XqCSl_I].mp4"), read_video_id("Main Event [INSANE HAND].mp4")
    ('xVZ5XqCSl_I', '')
    """
    found = VIDEO_ID.search(strip_extension(name))
    return found[1] if found else ""


def strip_copy_marks(stem: str) -> str:
    """Return the stem without `` (1)`` and the like.

    >>> strip_copy_marks("HyperDeck_0029-001 (1)")
    'HyperDeck_0029-001'
    """
    for pattern in COPY_MARKS:
        stem = pattern.sub("", stem)
    return stem
