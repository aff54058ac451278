"""Title seasons, events and episodes for a viewer, in English, with Korean where the source is Korean.

Pure text from facts. ``identity`` decides which files belong together.
"""

import re
from collections.abc import Iterable

from pokervod_pipelines.catalog import vocabulary
from pokervod_pipelines.catalog.facts import VideoFacts
from pokervod_pipelines.catalog.names import ParsedName
from pokervod_pipelines.catalog.names.vocabulary.events import EVENTS
from pokervod_pipelines.catalog.names.vocabulary.games import GAMES

DOT = " · "


def _compile_phrases(spellings: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(spellings, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


_GAMES = _compile_phrases(GAMES)
_EVENTS = _compile_phrases(EVENTS)
_GAME_OR_EVENT = _compile_phrases([*GAMES, *EVENTS])
_CHANNEL = re.compile(r"\s*(?:@\s?hustler ?casino ?live|#\w+)", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufe0f\ufeff]")
_INTERNAL_TAIL = re.compile(r"(?:[-_ ]\d{3}|_\d{6,}|_\d)+$")
_MONEY = re.compile(r"[$€]\d[\d.,]*[km]?(?= |$)|\d[\d.,]*[km](?= |$)", re.IGNORECASE)
_SYMBOLS = re.compile(r"[^\w\s$€'’.,&/+#()!?-]")
_NUMBERED = re.compile(r"(?:event ?#?|ev |#)\d+ *")
_STAGE = re.compile(r" *(?:final (?:table|day)|day ?\d|part ?\d|session ?\d|\d{6,}|live (?:from|stream))")
_CLIP_HEAD = re.compile(
    r"(?:\d{1,3} wsop \d{4} (?:be )?|wsop \d{4} (?:be |(?=ev ?\d|me (?:day\d|ft))))(?:(?:ev|event) ?\d{1,3}|me) ?"
)
_CLIP_DAY = re.compile(r"(?:day ?\d+[a-h]*|\d[\d.]*k?)(?!\S)")
_SERIES_HEAD = re.compile(r"^(?:(?:(?:19|20)\d\d|wsop|world series of poker|espn)[\s_-]+)+", re.IGNORECASE)
_TAPE_TAIL = re.compile(r"(?:_ES[MO]?\d+|[_ -]+GMPO \d+).*$")
_HAND_HEAD = re.compile(r"^.*?hand[ _]?#?\d+[ _]*", re.IGNORECASE)
_STUCK_VERSUS = re.compile(r"(?<=[2-9TJQKA10])([cdhs])vs ", re.IGNORECASE)


def make_season_title(project: str, sub_series: str | None, year: int | None, number: int | None) -> str:
    """Return ``WSOP Europe 2024``, ``Season 12``, or a title for a season of unknown year and number."""
    series = make_series_title(project, sub_series)
    when = str(year) if year else ""
    if number and (project != "WSOP" or not year):
        return f"Season {number}"
    if project in vocabulary.UNDATED_SEASONS or not (year or number):
        unknown = vocabulary.UNDATED_SEASONS.get(project, "Year unknown")
        return when or (f"{series} (year unknown)" if sub_series and series else unknown)
    return f"{series} {when}" if project in {"WSOP", "MPP"} else when


def make_series_title(project: str, sub_series: str | None) -> str:
    """Return the series of a season, ``WSOP Super Circuit London``; for a main series, the title of the show.

    >>> make_series_title("WSOP", "SUPER CIRCUIT London")
    'WSOP Super Circuit London'
    """
    if sub_series is None or sub_series in vocabulary.MAIN_SERIES:
        return vocabulary.SHORT_PROJECT_TITLES.get(project, project)
    if known := vocabulary.SERIES_TITLES.get(sub_series):
        return known
    spelled = " ".join(word.capitalize() if word in {"SUPER", "CIRCUIT"} else word for word in sub_series.split())
    return spelled if spelled.startswith(project) else f"{project} {spelled}"


def format_money(amount: int, sub_series: str | None) -> str:
    """Return the buy-in in the currency of its series; names have it in every shape, or not at all.

    >>> format_money(25000, None), format_money(350, "WSOP-EUROPE")
    ('$25,000', '€350')
    """
    return f"{'€' if sub_series in vocabulary.EURO_SERIES else '$'}{amount:,}"


def make_event_title(
    *, number: int | None, buy_in: int | None, game: str | None, name: str | None, series: str | None
) -> str:
    """Return ``Event #21 $25,000 NLHE High Roller``; a main event has its name and number alone."""
    pieces = [f"Event #{number}"] if number is not None else []
    if name and name.endswith("Main Event"):
        return " ".join([*pieces, name])
    if buy_in:
        pieces.append(format_money(buy_in, series))
    pieces += [word for word in (game, name) if word]
    return f"{pieces[0]} event" if number is None and len(pieces) == 1 and buy_in else " ".join(pieces)


def name_event(facts: VideoFacts) -> str | None:
    """Return the event's name: the parser's, else how it is played ("6-Handed High Roller")."""
    name = facts.parsed.event_code_or_name
    if name:
        return vocabulary.EVENT_TITLES.get(name) or _spell_circuit_stop(name)
    if head := _CLIP_HEAD.match(facts.text):
        return " ".join(_read_clip_formats(facts, head.end())) or None
    return _read_format(facts)


def make_clip_title(facts: VideoFacts) -> str:
    """Return the title after a clip's coded head, "Fan doubles KK vs Yea QQs"; "" where it has none."""
    head = _CLIP_HEAD.match(facts.text)
    if head is None:
        return ""
    shown = facts.shown[head.end() :].split(" ")
    start = _count_coded_words(facts, shown)
    title = shown[start:]
    # Two digits are a hand ("deeb 82 vs li 54"); one or three are a copy's or export's number.
    while title and (title[-1].lower() in vocabulary.CLIP_TAIL or (title[-1].isdigit() and len(title[-1]) in {1, 3})):
        title.pop()
    return _capitalise(" ".join(title).replace(" ov ", " over "))


def make_hand_title(facts: VideoFacts) -> str:
    """Return ``Day 1B · Hand 39 · Capriles KdKc vs Ghionoiu AdTd``: day, number, players and cards of the name."""
    parsed = facts.parsed
    words_behind = _STUCK_VERSUS.sub(r"\1 vs ", _HAND_HEAD.sub("", facts.stem).replace("_", " ")).strip()
    if parsed.version and words_behind.lower().endswith(parsed.version.lower()):
        words_behind = words_behind[: -len(parsed.version)].strip()
    sides = " ".join(_lower_shouted_word(word) for word in words_behind.split())
    return DOT.join(
        piece for piece in (make_position_title(parsed) or parsed.date, f"Hand {parsed.hand_number}", sides) if piece
    )


def make_web_video_title(stem: str) -> str:
    """Return a web title without channel, hash tags, internal numbers and runs of spaces.

    >>> make_web_video_title("Can He Fold  A Flush_ @HustlerCasinoLive")
    'Can He Fold A Flush'
    """
    bare = _INVISIBLE.sub("", _CHANNEL.sub("", _INTERNAL_TAIL.sub("", stem)))
    return _capitalise(" ".join(bare.replace("_", " ").split()).strip(" -–|"))


def make_episode_title(*, project: str, season: str, event: str, label: str) -> str:
    """Return the whole title: ``WSOP 2024 · Event #21 $25,000 NLHE High Roller · Final Table``.

    ``event`` is empty for a strand. A loose clip has its own title.
    """
    if project in vocabulary.TITLE_SHOWS:
        return label
    if project in vocabulary.RECURRING_SHOWS:
        return DOT.join((vocabulary.PROJECT_TITLES[project], f"{event} {label}".strip()))
    if project in {"WSOP", "MPP"}:
        head, number = season.removesuffix(" (year unknown)"), ""
        head = vocabulary.SHORT_PROJECT_TITLES[project] if head == "Year unknown" else head
    else:
        head, number = vocabulary.PROJECT_TITLES.get(project, project), season if season[-1:].isdigit() else ""
    return DOT.join(filter(None, (head, event, f"{number} {label}".strip())))


def spell_out_show(title: str, project: str) -> str:
    """Return the title for the catalog, with the show's full name.

    >>> spell_out_show("WSOP 1973 · Main Event", "WSOP")
    'World Series of Poker 1973 · Main Event'
    """
    full = vocabulary.PROJECT_TITLES.get(project, project)
    if project in {"WSOP", "MPP"}:
        short = vocabulary.SHORT_PROJECT_TITLES[project]
        return title.replace(short, full, 1) if title.startswith(short) else title
    return title if title.startswith(full) or project == vocabulary.OTHER else f"{full}{DOT}{title}"


def make_programme_title(stem: str) -> str:
    """Return a programme's own words, without the series, year and tape id that its name starts and ends with.

    >>> make_programme_title("WSOP_1981_-_Stu_Unger_Video")
    'Stu Unger Video'
    >>> make_programme_title("2003 WSOP Best of ALL INS_ES0400136869")
    'Best of ALL INS'
    """
    bare = _SERIES_HEAD.sub("", _TAPE_TAIL.sub("", stem))
    return make_web_video_title(bare) or make_web_video_title(stem)


def make_position_title(parsed: ParsedName) -> str:
    """Return the position of a programme in its event: ``Final Table Day 8 Part 2``, ``Day 2ABD``."""
    pieces = [vocabulary.STAGE_TITLES.get(parsed.stage, parsed.stage.replace("_", " ").title())] if parsed.stage else []
    if parsed.day is not None:
        pieces.append(f"Day {parsed.day}{parsed.flight or ''}")
    if parsed.part is not None:
        pieces.append(f"Part {parsed.part}")
    if parsed.session is not None:
        pieces.append(f"Session {parsed.session}")
    return " ".join(pieces)


def join_people(people: tuple[str, ...]) -> str:
    """Return ``Kevin Martin & Dan Cates``, with capital first letters."""
    spelled = [" ".join(_capitalise(word) for word in person.split()) for person in people]
    return " & ".join(filter(None, (", ".join(spelled[:-1]), spelled[-1])))


def drop_game_and_money(text: str) -> str:
    """Return a prepared name without the words for game and buy-in."""
    return _MONEY.sub(" ", _GAMES.sub(" ", text))


def find_event_phrase(text: str) -> tuple[int, int] | None:
    """Return the span of an event of the vocabulary in a prepared name; None if it has none."""
    match = _EVENTS.search(text)
    return match.span() if match else None


def _read_clip_formats(facts: VideoFacts, start: int) -> list[str]:
    head = facts.text[start:].split(" ")
    coded = head[: _count_coded_words(facts, head)]
    return list(dict.fromkeys(vocabulary.CLIP_FORMATS[word] for word in coded if word in vocabulary.CLIP_FORMATS))


def _count_coded_words(facts: VideoFacts, shown: list[str]) -> int:
    """Return how many words precede the title: money, game, event, format, stage and day, in any order."""
    lowered = " ".join(shown).lower()
    place = 0
    while place < len(lowered):
        word = lowered[place:].partition(" ")[0]
        if match := _GAME_OR_EVENT.match(lowered, place) or _CLIP_DAY.match(lowered, place):
            place = match.end() + 1
        elif word in vocabulary.CLIP_FORMATS or word in vocabulary.CLIP_MARKS:
            place += len(word) + 1
        else:
            break
    return lowered[:place].count(" ") if place < len(lowered) else len(shown)


def _read_format(facts: VideoFacts) -> str | None:
    """Return the format of a stream's event besides number, money and game: ``Deepstack``, ``Tag Team``."""
    match = _NUMBERED.search(facts.text)
    start = match.end() if match else None
    if start is None or facts.parsed.event_number is None:
        return None
    stop = _STAGE.search(facts.text, start)
    segment = facts.text[start : stop.start() if stop else None]
    shown = facts.shown[start : start + len(segment)]
    for known in reversed(list(_GAMES.finditer(segment))):
        shown = shown[: known.start()] + shown[known.end() :]
    return _spell_format(_SYMBOLS.sub(" ", _MONEY.sub(" ", shown)))


def _spell_format(shown: str) -> str | None:
    text = " ".join(_lower_shouted_word(word) for word in shown.split() if word != "&")
    for lost, spelled in vocabulary.HYPHENATED.items():
        text = re.sub(rf"\b{lost}\b", spelled, text, flags=re.IGNORECASE)
    return text.strip(" -") or None


def _spell_circuit_stop(name: str) -> str:
    if name.endswith(" CC"):
        return f"Circuit Championship {name.removesuffix(' CC')}"
    return " ".join(_lower_shouted_word(word) for word in name.split())


def _lower_shouted_word(word: str) -> str:
    """Return a word in capitals in title case; cards, short codes and mixed case stay."""
    letters = word.strip("()'\"!?.,")
    if len(letters) > 3 and letters.isalpha() and letters.isupper() and letters not in {"NLHE", "WSOP", "HORSE"}:
        return word.capitalize()
    return word


def _capitalise(title: str) -> str:
    return title[:1].upper() + title[1:]
