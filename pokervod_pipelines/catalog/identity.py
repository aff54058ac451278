"""Place a video: find its season, event and episode by keys made of facts, never of ids, folders or order of arrival.

Files with one key are versions of one programme. A key has what tells two programmes apart and nothing that tells two
versions of one apart (clean, mastered, codec, download number). A video that no rule knows goes to ``OTHER`` with its
reason. ``grouping`` joins keys that only the whole season shows to be one; ``regroup`` keeps ids.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from pokervod_pipelines.catalog import titles, vocabulary
from pokervod_pipelines.catalog.facts import VideoFacts
from pokervod_pipelines.catalog.names import ParsedName
from pokervod_pipelines.catalog.names.vocabulary.counted import TAPE_MARKS

COUNT_FACTS = frozenset({"episode_number", "show_number", "part", "session"})
"""Facts whose correction by a person, also to none, says what the numbers mean that no rule read."""

_PLACE_FACTS = COUNT_FACTS | {"event_number", "clip_number", "hand_number", "day", "stage"}
"""A clip known only by its title becomes a programme like others once a person corrects one of these."""

UNKNOWN_SHOW = "neither the name nor a folder names a known show"


class Season(NamedTuple):
    """Identify a year or numbered season of a series; equal for all files of it."""

    project: str
    series: str | None
    year: int | None
    number: int | None

    @property
    def key(self) -> str:
        """Return the key: ``europe:2024``, ``:s12``, ``:-`` where neither year nor number is known."""
        when = f"s{self.number}" if self.number else str(self.year or "-")
        return f"{make_slug(self.series or '')}:{when}"


class Event(NamedTuple):
    """Identify a tournament or strand of a season by its key, with the facts of this one file about it."""

    key: str
    number: int | None = None
    buy_in: int | None = None
    game: str | None = None
    name: str | None = None


class Mark(NamedTuple):
    """Hold a value that tells two files apart where both have one; ``among`` is equal for files alike but for it."""

    among: str
    value: str


MARKS = ("event", "tape", "date", "internal", "count", "id", "copy")
"""Facts that may contradict: a main event's number, the tape, the recording day, numbers at the end of the name."""


class CatalogPlace(NamedTuple):
    """Hold the place of one file: season, event, episode key, and the label and sort key of the episode.

    ``show`` and ``episode`` are the numbers of a television series. ``grouping`` joins groups by them and splits groups
    by ``marks``, once all files of the season are known. Key and label have the ``unread`` numbers of the name.
    """

    season: Season
    event: Event
    key: str
    label: str
    sort: str
    show: int | None = None
    episode: int | None = None
    part: int | None = None
    unread: str = ""
    marks: dict[str, Mark] = {}  # noqa: RUF012 - of a tuple, never changed
    reason: str | None = None


def place_video(facts: VideoFacts) -> CatalogPlace:
    """Return the place of one event of one video; one that no rule knows is in ``OTHER`` with the reason."""
    season = find_season(facts.parsed)
    if season.project in vocabulary.TITLE_SHOWS and not facts.corrected & _PLACE_FACTS:
        return _place_title(facts, season)
    show = find_show(facts.parsed, season)
    event = find_event(facts, season, show)
    parsed = facts.parsed
    if parsed.hand_number is not None:
        key, label = _make_hand_key(facts), titles.make_hand_title(facts)
    elif parsed.clip_number is not None:
        key, label = f"clip-{parsed.clip_number}", _make_clip_label(facts)
    elif show is not None or parsed.episode_number is not None:
        key, label = _make_series_key(parsed, show)
    elif title := titles.make_clip_title(facts):
        key, label = f"clip-{make_slug(f'{titles.make_position_title(parsed)} {title}')}", _make_clip_label(facts)
    else:
        key, label = _make_programme_key(facts, event)
    if facts.is_named_by_folder:
        key, label = _make_recording_key(facts)
    part, marks = _find_part(parsed, season, show), _find_marks(facts, season, is_whole=key == "whole")
    unread = "" if facts.corrected & COUNT_FACTS else facts.unread
    if unread:
        key, label = f"{key}-{make_slug(unread)}", f"{label} ({unread.title()})" if label else unread.title()
    sort = sort_episode(parsed, show, key)
    return CatalogPlace(season, event, key, label, sort, show, parsed.episode_number, part, unread, marks)


def find_season(parsed: ParsedName) -> Season:
    """Return the season: by number for a show that numbers them, else by year, of one series of the show."""
    project = parsed.project_code or vocabulary.OTHER
    if project == vocabulary.OTHER:
        return Season(project, None, None, None)
    series = None if parsed.sub_series in vocabulary.MAIN_SERIES else parsed.sub_series
    if project == "WSOP" and series and series.startswith("WSOP-"):
        series = series.replace("WSOP-APAC", "APAC")
    number = None if parsed.year and project == "WSOP" else parsed.season
    return Season(project, series, None if number else parsed.year, number)


def find_show(parsed: ParsedName, season: Season) -> int | None:
    """Return the number of a television show. Tapes of the years of numbered shows have it bare (``WSOP_2004_16``)."""
    if parsed.show_number is not None:
        return parsed.show_number
    is_numbered_series = season.project == "WSOP" and season.series is None and not _is_single_broadcast(season)
    return parsed.seq if is_numbered_series else None


def find_event(facts: VideoFacts, season: Season, show: int | None) -> Event:
    """Return the event of a video: main event, numbered, named, known by buy-in, or else the strand."""
    parsed = facts.parsed
    name = titles.name_event(facts)
    if parsed.event_kind == "main_event":
        return Event(make_slug(name or "Main Event"), parsed.event_number, parsed.buy_in, parsed.game, name)
    if parsed.event_number is not None:
        return Event(f"event-{parsed.event_number}", parsed.event_number, parsed.buy_in, parsed.game, name)
    if parsed.event_code_or_name:
        return Event(make_slug(name or ""), None, parsed.buy_in, parsed.game, name)
    if parsed.buy_in:
        kind = name or _find_max(facts.text)
        return Event(
            make_slug(f"{parsed.buy_in} {parsed.game or ''} {kind or ''}"), None, parsed.buy_in, parsed.game, kind
        )
    if _is_single_broadcast(season) and show is None and not find_own_words(facts):
        return Event("main-event", name="Main Event")
    return Event(_find_strand(facts, season, show))


def sort_episode(parsed: ParsedName, show: int | None, key: str) -> str:
    """Return a sort key: programmes before clips and hands, then numbers, stages, days and parts in their order."""
    kind = 2 if parsed.hand_number is not None else 1 if key.startswith("clip-") else 0
    number = show if show is not None else parsed.episode_number
    count = 9999 if number is None and kind == 0 and key != "whole" and not _has_moment(parsed) else number or 0
    stage = vocabulary.STAGE_ORDER.get(parsed.stage, 1)
    moment = f"{stage}{parsed.day or 0:02d}{parsed.flight or '':<8}{parsed.part or 0:02d}{parsed.session or 0:02d}"
    clip = f"{parsed.clip_number or 0:04d}{parsed.hand_number or 0:04d}"
    if kind == 1:
        return f"{kind}{clip}{moment}{key}"
    return f"{kind}{count:04d}{moment}{parsed.date or ''}{clip}{key}"


def find_tape(text: str) -> str | None:
    """Return the tape or asset id in an archive name: ``ES0400143329``, ``GMPO 2074``."""
    match = _TAPE.search(text)
    return match[0].replace(" ", "") if match else None


def find_own_words(facts: VideoFacts) -> str:
    """Return the words of a name that no fact explains: a title of its own, or "".

    >>> from pokervod_pipelines.catalog.facts import list_facts, read_facts
    >>> find_own_words(list_facts("WSOP_1983.mxf", read_facts("WSOP_1983.mxf"))[0])
    ''
    """
    text = titles.drop_game_and_money(_TAPE.sub(" ", facts.text))
    known = set(
        make_slug(
            " ".join((facts.parsed.event_code_or_name or "", facts.parsed.version or "", *(facts.parsed.players or ())))
        ).split("-")
    )
    series = titles.make_series_title(facts.parsed.project_code or "", facts.parsed.sub_series)
    known.update(
        make_slug(f"{facts.parsed.sub_series or ''} {series} {titles.make_position_title(facts.parsed)}").split("-")
    )
    if phrase := titles.find_event_phrase(text):
        text = text[: phrase[0]] + text[phrase[1] :]
    own = [word for word in make_slug(text).split("-") if word not in known and word not in TAPE_MARKS]
    has_letters = any(not word.isdigit() and len(word) > 1 for word in own)
    return " ".join(word for word in own if not _YEAR.fullmatch(word)) if has_letters else ""


@lru_cache(maxsize=4096)
def make_slug(title: str) -> str:
    """Return letters and digits of any script in lower case, joined by hyphens.

    >>> make_slug("Best of ALL-INS!")
    'best-of-all-ins'
    """
    return "-".join(_WORD.findall(unicodedata.normalize("NFC", title).casefold().replace("'", "")))


_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_TAPE = re.compile(r"(?<!\w)(?:es[mo]?\d{6,}|gmpo \d+)(?!\w)")
_MAX = re.compile(r"([68]) ?max(?!\w)")
_MONTH_DAY = re.compile(r"^\d{4}(?= )")


def _is_single_broadcast(season: Season) -> bool:
    return (
        season.project == "WSOP"
        and season.series is None
        and season.year is not None
        and season.year < vocabulary.FIRST_TELEVISION_SERIES
    )


def _has_moment(parsed: ParsedName) -> bool:
    return (parsed.day, parsed.stage, parsed.part, parsed.session, parsed.date) != (None,) * 5


def _find_part(parsed: ParsedName, season: Season, show: int | None) -> int | None:
    if parsed.part is None and show is None and _is_single_broadcast(season):
        return parsed.seq
    return parsed.part


def _find_strand(facts: VideoFacts, season: Season, show: int | None) -> str:
    parsed = facts.parsed
    if parsed.hand_number is not None:
        return "hands"
    if parsed.clip_number is not None:
        return "clips"
    if show is not None:
        return "shows"
    if parsed.episode_number is not None:
        return "episodes"
    if season.series is None and season.year is not None and season.year < vocabulary.LAST_TELEVISION_SERIES:
        return "specials"
    return "streams" if parsed.day is not None or parsed.stage is not None else "clips"


def _find_max(text: str) -> str | None:
    match = _MAX.search(text)
    return f"{match[1]}-Max" if match else None


def _place_title(facts: VideoFacts, season: Season) -> CatalogPlace:
    title = titles.make_web_video_title(facts.stem) or facts.stem
    reason = UNKNOWN_SHOW if season.project == vocabulary.OTHER else None
    key = make_slug(title) or title
    if facts.unread:
        key, title = f"{key}-{make_slug(facts.unread)}", f"{title} ({facts.unread.title()})"
    return CatalogPlace(season, Event("clips"), key, title, key, marks=_find_marks(facts, season), reason=reason)


def _find_marks(facts: VideoFacts, season: Season, *, is_whole: bool = False) -> dict[str, Mark]:
    """Return the marks of a file; clips and hands have none, nor has one that a person has placed."""
    parsed, marks = facts.parsed, dict[str, Mark]()
    if (parsed.clip_number, parsed.hand_number) != (None, None) or facts.corrected & COUNT_FACTS:
        return marks
    if parsed.event_kind == "main_event" and parsed.event_number is not None:
        marks["event"] = Mark("", f"event {parsed.event_number}")
    if is_whole and (tape := find_tape(facts.text)):
        marks["tape"] = Mark("", tape)
    if parsed.date and is_whole and season.project not in vocabulary.RECURRING_SHOWS:
        marks["date"] = Mark("", parsed.date)
    is_title = season.project in vocabulary.TITLE_SHOWS or facts.is_named_by_folder
    return marks | {kind: Mark(*mark) for kind, mark in facts.endings.items() if kind != "count" or is_title}


def _make_hand_key(facts: VideoFacts) -> str:
    parsed = facts.parsed
    day = _MONTH_DAY.match(facts.text)
    when = parsed.date or (day[0] if day else make_slug(titles.make_position_title(parsed)))
    return f"hand-{when}-{parsed.hand_number}"


def _make_clip_label(facts: VideoFacts) -> str:
    title = titles.make_clip_title(facts) or f"Clip {facts.parsed.clip_number}"
    return titles.DOT.join(filter(None, (titles.make_position_title(facts.parsed), title)))


def _make_series_key(parsed: ParsedName, show: int | None) -> tuple[str, str]:
    number = [f"Episode {parsed.episode_number}"] if parsed.episode_number is not None else []
    shown = [f"Show {show}"] if show is not None else []
    key = f"show-{show}" if show is not None else f"ep-{parsed.episode_number}"
    if parsed.part is not None:
        key = f"{key}-part-{parsed.part}"
    first, *rest = [*number, *shown]
    label = f"{first} ({rest[0]})" if rest else first
    return key, " ".join(filter(None, (label, titles.make_position_title(parsed))))


def _make_programme_key(facts: VideoFacts, event: Event) -> tuple[str, str]:
    """Return key and label: days, stages, parts and sessions; else the name's own words; else the whole event."""
    parsed = facts.parsed
    part = _find_part(parsed, find_season(parsed), None)
    label = titles.make_position_title(parsed)
    if part is not None and parsed.part is None:
        label = f"{label} Part {part}".strip()
    if parsed.project_code in vocabulary.RECURRING_SHOWS:
        return _make_recurring_key(facts, label)
    is_strand = event.key in vocabulary.STRAND_TITLES
    if label and not is_strand:
        return make_slug(label), label
    own = "" if parsed.event_number is not None else find_own_words(facts)
    if own:
        return make_slug(f"{label} title {own}"), titles.make_programme_title(facts.stem)
    if label:
        return make_slug(label), label
    return "whole", "" if event.name or event.buy_in or event.number else titles.make_programme_title(facts.stem)


def _make_recording_key(facts: VideoFacts) -> tuple[str, str]:
    """Return key and label for a name that only its folders explain: their place, and the name itself."""
    title = titles.make_web_video_title(facts.stem)
    moment = titles.make_position_title(facts.parsed)
    return f"{make_slug(moment)}:{make_slug(title)}", titles.DOT.join(filter(None, (moment, title)))


def _make_recurring_key(facts: VideoFacts, label: str) -> tuple[str, str]:
    parsed = facts.parsed
    if not (parsed.date or parsed.players):
        return f"title-{make_slug(facts.stem)}", titles.make_web_video_title(facts.stem)
    people = titles.join_people(parsed.players) if parsed.players else ""
    key = "-".join(filter(None, (parsed.date or make_slug(people), make_slug(label))))
    words_shown = " ".join(
        filter(None, (label, f"with {people}" if people else "", f"({parsed.date})" if parsed.date else ""))
    )
    return key, words_shown
