r"""Normalize titles, file names and links, so that what a sheet says can be compared with what is on disk.

``|`` ``:`` ``?`` ``"`` of a title became ``_``, a space or nothing on disk, curly quotes became straight, an extension
is missing or doubled, a downloader added an id. Links are pasted as ``\\nas\archive\…``, ``Z:\ARCHIVE\…``, ``//nas/…``
or ``smb://…``; server, share and drive in front are unknown, so two paths are compared from their ends. What a name
*means* (event, day, part) is read in ``features``.
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

VIDEO_EXTENSION = re.compile(r"\.(?:mp4|mov|mxf|mkv|avi|webm|m4v|wmv|ts|mpg|mpeg)$", re.IGNORECASE)
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]")
"""Zero-width characters and direction marks, which web titles contain."""

APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\uff07`\u00b4'", ""))
WORD = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*")
SEPARATOR = re.compile(r"(?<!\d) | (?!\d)")

CHANNELS = ("hustlercasinolive", "pokergo", "ggpoker", "wsop")
"""Channel handles that a web title may end with and a file name may not."""

CHANNEL = re.compile(r"\s*@\s*(?:" + "|".join(r"\s?".join(channel) for channel in CHANNELS) + r")\W*$", re.IGNORECASE)
VIDEO_ID = re.compile(r"\[(?![A-Z]{11}|[a-z]{11})([\w-]{11})\]$", re.ASCII)
DOWNLOAD_SUFFIX = re.compile(r"\.f\d{2,4}$|\s*\[(?![A-Z]{11}|[a-z]{11})[\w-]{11}\]$")
"""What download tools append: a format number, the web video's id (eleven characters, not one plain word)."""

COPY_SUFFIXES = (
    re.compile(r"\s*\(\d{1,2}\)$"),
    re.compile(r"\s+-\s+(?:copy|복사본)$", re.IGNORECASE),
    re.compile(r"_\d{7,}$"),
)
"""What a browser, an operating system or a download site appends to a second copy."""

SCHEME = re.compile(r"^(?:smb|file|afp|nfs|https?):/+", re.IGNORECASE)
DRIVE = re.compile(r"^[a-z]:(?=[\\/]|$)", re.IGNORECASE)
ESCAPED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
MOUNT_COMPONENTS = 1
"""How many leading components one of two paths may have alone: the name of the share or of the archive root."""

Components = tuple[str, ...]


def strip_extension(name: str) -> str:
    """Return the name without its video extension, even a doubled one.

    >>> strip_extension("2009 WSOP ME25.mov.mov"), strip_extension("3.5x Pot Jam")
    ('2009 WSOP ME25', '3.5x Pot Jam')
    """
    while (shorter := VIDEO_EXTENSION.sub("", name)) not in {name, ""}:
        name = shorter
    return name


@lru_cache(maxsize=65536)
def split_words(text: str) -> tuple[str, ...]:
    """Return the words in lower case without punctuation; numbers keep the decimal point, not the commas.

    >>> split_words("Can't Fold?! $1,500 | 2.5x")
    ('cant', 'fold', '1500', '2.5x')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", INVISIBLE.sub("", text)))
    plain = THOUSANDS.sub("", text.casefold().translate(APOSTROPHES))
    return tuple(WORD.findall(plain))


def make_key(title: str) -> str:
    """Return the key that a title and its name on disk share; numbers never run together.

    >>> make_key("Flush?! @HustlerCasinoLive") == make_key("Flush @Hustler Casino Live")
    True
    >>> make_key("WSOP_2009_31-1") == make_key("WSOP_2009_311")
    False
    """
    return SEPARATOR.sub("", " ".join(split_words(title)))


def strip_download_suffix(stem: str) -> str:
    """Return the stem without what download tools append and without the channel at its end.

    >>> strip_download_suffix("Quads! @HustlerCasinoLive [xVZ5XqCSl_I]")
    'Quads!'
    """
    while (shorter := DOWNLOAD_SUFFIX.sub("", stem)) not in {stem, ""}:
        stem = shorter
    return CHANNEL.sub("", stem).strip() or stem


def read_video_id(name: str) -> str:
    """Return the web video's id that a download tool wrote into the name, else "".

    >>> read_video_id("Quads! [xVZ5XqCSl_I].mp4"), read_video_id("Main Event [INSANE HAND].mp4")
    ('xVZ5XqCSl_I', '')
    """
    found = VIDEO_ID.search(strip_extension(name))
    return found[1] if found else ""


def strip_copy_suffix(stem: str) -> str:
    """Return the stem without `` (1)`` and the like.

    >>> strip_copy_suffix("HyperDeck_0029-001 (1)")
    'HyperDeck_0029-001'
    """
    for pattern in COPY_SUFFIXES:
        stem = pattern.sub("", stem)
    return stem


def split_link(link: str) -> Components:
    r"""Return the components below the server or drive, as written but composed (NFC).

    >>> split_link(r"\\nas\archive\WSOP\WSOP 2005"), split_link("smb://nas/archive/Player%20Emotion")
    (('archive', 'WSOP', 'WSOP 2005'), ('archive', 'Player Emotion'))
    """
    text = unicodedata.normalize("NFC", link.strip().strip('"'))
    if SCHEME.match(text) and ESCAPED.search(text):
        text = unicodedata.normalize("NFC", unquote(text))
    has_server = bool(SCHEME.match(text)) or text.startswith((r"\\", "//"))
    components = re.split(r"[\\/]+", DRIVE.sub("", SCHEME.sub("", text)).strip("\\/"))
    return tuple(component for component in components[has_server:] if component)


def fold_components(components: Components) -> Components:
    """Return the components in lower case, so that paths of different clients can be compared.

    >>> fold_components(("ARCHIVE", "GOG 최종"))
    ('archive', 'gog 최종')
    """
    return tuple(unicodedata.normalize("NFC", component).casefold() for component in components)


def count_shared_tail(link: Components, path: Components) -> int:
    """Return how many last components agree, 0 where the remaining ones show two different folders.

    >>> count_shared_tail(("archive", "wsop", "2005"), ("nas", "archive", "wsop", "2005"))
    3
    >>> count_shared_tail(("archive", "wsop", "2004", "mxf"), ("nas", "archive", "wsop", "2005", "mxf"))
    0
    """
    shared = 0
    for ours, theirs in zip(reversed(link), reversed(path), strict=False):
        if ours != theirs:
            break
        shared += 1
    return shared if min(len(link), len(path)) - shared <= MOUNT_COMPONENTS else 0
