"""Read numbers of television series: season, show, episode, coded episode (``ME06``), tape number (``WSOP_2003-01``).

Season and episode also as ``S05E10`` and ``5x12``.

The show counts the year's broadcasts, the episode those of one event; a bare number after the year may be either and
stays ``seq``. Minutes (``ME07_60``), codecs (``H264``, ``4CH``, ``MPEG-2``) and asset numbers are none of these.
"""

import re

from pokervod_pipelines.catalog.names.facts.count import COUNT, read_count
from pokervod_pipelines.catalog.names.facts.event_name import set_event
from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.events import EPISODE_CODES

_SHOW = re.compile(r"(?<![a-z])show ?(\d{1,3})(?!\w)", re.ASCII)
_SEASON = re.compile(r"(?<![a-z])season ?(\d{1,2})(?!\w)", re.ASCII)
_EPISODE = re.compile(rf"(?<![a-z])(?:episode|ep)[ .#]*(\d{{1,3}}|{COUNT})(?!\w)", re.ASCII)
_SEASON_AND_EPISODE = re.compile(
    r"(?<!\w)(?:s(?:eason)?[ .]?(\d{1,2}) ?(?:episode|ep|e)[ .]{0,2}(\d{1,3})|(\d{1,2})x(\d{2,3}))(?![\da-df-z])",
    re.ASCII,
)

_CODES = "|".join(sorted(EPISODE_CODES, key=len, reverse=True))
# Every code that a tape can have, so that meeting them with a name's words takes the place of a search.
_TIGHT_CODES = {
    f"{code}{digits}": (code, number)
    for code in EPISODE_CODES
    for number in range(1, 100)
    for digits in (number, f"{number:02d}")
}
_TIGHT_WORDS = frozenset(_TIGHT_CODES)
_CODE_WORDS = frozenset(code.partition(" ")[0] for code in EPISODE_CODES)
# With a space, "me 7" is an episode only behind show, series or year: English has a word "me".
_SPACED_CODE = re.compile(
    rf"(?:show \d{{1,3}}|(?:wsop|ws)(?: ?\d{{2,4}})|(?:19|20)\d\d wsop) ({_CODES}) (\d{{1,2}})(?!\w)", re.ASCII
)

_TAPE_NUMBER = re.compile(
    r"(?:(?:19|20)\d\d (?:wsop|world series of poker)|(?:wsop|world series of poker) (?:19|20)\d\d)"
    r" (\d{1,3})(?: (\d))?(?=$| mpeg| h264| nb(?!\w)| final(?! t)| text| (?:me|gm|nc|ppc|hu|bo)\d| \d{5,})",
    re.ASCII,
)


def read_show(fields: NameFields) -> None:
    """Set show and season."""
    text = fields.name.text
    if "show" in text and (match := _SHOW.search(text)):
        fields.set("show_number", int(match[1]), "show", match[0])
    if "season" in text and (match := _SEASON.search(text)):
        fields.set("season", int(match[1]), "season", match[0])


def read_episode(fields: NameFields) -> None:
    """Set the episode that is called an episode, or follows its season."""
    text = fields.name.text
    if "ep" in text and (match := _EPISODE.search(text)):
        fields.set("episode_number", read_count(match[1]), "episode", match[0])
    elif match := find_season_and_episode(text):
        season, episode = match[1] or match[3], match[2] or match[4]
        fields.set("season", int(season), "season_and_episode", match[0])
        fields.set("episode_number", int(episode), "season_and_episode", match[0])


def find_season_and_episode(text: str) -> re.Match[str] | None:
    """Return ``s05e10`` (its groups 1 and 2) or ``5x12`` (3 and 4) in a prepared name."""
    return _SEASON_AND_EPISODE.search(text) if "e" in text or "x" in text else None


def read_coded_episode(fields: NameFields) -> None:
    """Set event and episode of an archive code."""
    words = fields.name.words
    if not _TIGHT_WORDS.isdisjoint(words):
        for word in _TIGHT_WORDS & words:
            _set_coded_episode(fields, *_TIGHT_CODES[word], word)
    elif not _CODE_WORDS.isdisjoint(words) and (match := _SPACED_CODE.search(fields.name.text)):
        _set_coded_episode(fields, match[1], int(match[2]), f"{match[1]} {match[2]}")


def _set_coded_episode(fields: NameFields, code: str, number: int, words: str) -> None:
    set_event(fields, EPISODE_CODES[code], "episode_code", words)
    fields.set("episode_number", number, "episode_code", words)


def read_tape_number(fields: NameFields) -> None:
    """Set the bare number after series and year, and the part of a tape that has two (``31-1``)."""
    if match := _TAPE_NUMBER.match(fields.name.text):
        fields.set("seq", int(match[1]), "tape_number", match[1])
        if match[2]:
            fields.set("part", int(match[2]), "tape_number", f"{match[1]} {match[2]}")
