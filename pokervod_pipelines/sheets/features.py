"""Read the features that distinguish two similar names: event, money, year, day, part, stage, edition.

Two names that disagree in a feature are two videos, however similar their words are; a feature that only the file has
leaves a question open. The catalog reads names completely; this reads as much as matching needs.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from pokervod_pipelines.sheets.names import (
    make_key,
    split_words,
    strip_copy_suffix,
    strip_download_suffix,
    strip_extension,
)

REMARK = re.compile(r"\n.*|\([^()]*\)|\([^()]*$|\[[^\[\]]*\]", re.DOTALL)
"""A bracketed or second-line comment; an unclosed bracket was cut off."""

EDIT_DATE = re.compile(r"^(?:\d{6}|\d{8})[_ ]")
AMOUNT = re.compile(
    r"(?<![\w.,])([$€£₩]?)\s?(\d[\d,]*(?:\.\d+)?)\s?(k|m|b|million|billion)?(?![\w]|[.,]\d)", re.IGNORECASE
)
SCALES = {"": 0, "k": 3, "m": 6, "million": 6, "b": 9, "billion": 9}
"""How many zeros a letter after an amount means."""

YEARS = range(1970, 2100)

FACETS = {
    "event": re.compile(r"\b(?:event|ev-)\s*#?\s*0*(\d+)\b|#\s*0*(\d+)\b", re.IGNORECASE),
    "stage": re.compile(
        r"(?<!grand )\b(?:final (?:four|table|day(?! ?\d))\b|ft\b|fin(?:al?)?(?: t(?:abl?|a)?)?$|final\b)",
        re.IGNORECASE,
    ),
    "day": re.compile(
        r"\bday[ -]*0*(\d+\s?[a-h]{0,8}(?![a-z'\u2019])(?:[ ,/&]{1,2}[a-h](?![a-z'\u2019]))*)", re.IGNORECASE
    ),
    "part": re.compile(r"\b(?:part|pt)[ .-]*0*(\d+(?:\s*[,&]\s*\d+)*)", re.IGNORECASE),
    "session": re.compile(r"\bsession[ -]*0*(\d+)", re.IGNORECASE),
    "hand": re.compile(r"\bhand[ #]*0*(\d+)\b", re.IGNORECASE),
    "version": re.compile(r"\b(clean|mastered|dirty|pgm|nobug|nb)\b", re.IGNORECASE),
    "resolution": re.compile(r"\b(2160|1440|1080|720|480)[pi]\b", re.IGNORECASE),
    "source": re.compile(r"\b(pokergo|youtube)\b", re.IGNORECASE),
}
SEGMENT_FACETS = ("stage", "day", "part", "session", "hand", "version")
"""The facets that tell which segment of an event a video is, and which cut: timecodes of one do not fit another."""

EDITION_FACETS = ("resolution", "source")
"""The facets that distinguish copies of the same segment."""

STAGE_NAMES = {"ft": "final table"}
SERIES_WORDS = frozenset({"wsop", "world", "series", "of", "poker", "bracelet", "event", "events"})
"""Words that name the series; people write or omit them freely."""

Facets = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Hold the features of one name; ``facets`` are (facet, value), ``title`` the remaining words, run together."""

    facets: Facets
    amounts: frozenset[str]
    years: frozenset[int]
    title: str

    def select(self, names: Iterable[str]) -> Facets:
        """Return the facets with these names."""
        selected = set(names)
        return frozenset(facet for facet in self.facets if facet[0] in selected)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFeatures:
    """Hold the features of a whole name (``stated``) and of its bracketed remarks alone (``remark``)."""

    stated: Features
    remark: Features


def split_remark(title: str) -> tuple[str, str]:
    """Return the title's first line without its brackets, and all that was removed.

    >>> split_remark("Event #3 $5K (1080p)")
    ('Event #3 $5K', '(1080p)')
    """
    return " ".join(REMARK.sub(" ", title).split()), " ".join(" ".join(REMARK.findall(title)).split())


def read_name_features(name: str) -> NameFeatures:
    """Return the features of a file name, a title or a folder name; ``remark`` holds those of its remarks alone.

    Segments and editions count in the title and in a remark. An event or amount in a remark counts only if the title
    has none: "(#79 too)" is an aside.
    """
    stem = EDIT_DATE.sub("", strip_copy_suffix(strip_download_suffix(strip_extension(name)))).replace("_", " ")
    head, aside = (_read_features(text) for text in split_remark(stem))
    asides = aside.select((*SEGMENT_FACETS, *EDITION_FACETS) if head.select(["event"]) else FACETS)
    stated = replace(
        head, facets=head.facets | asides, amounts=head.amounts or aside.amounts, years=head.years or aside.years
    )
    return NameFeatures(stated=stated, remark=aside)


def _read_features(text: str) -> Features:
    facets = set()
    for name, pattern in FACETS.items():
        facets |= {(name, value) for value in _read_values(name, pattern, text)}
        text = pattern.sub(" ", text)
    amounts, years = read_amounts(text)
    words = [word for word in split_words(AMOUNT.sub(_keep_small_number, text)) if word not in SERIES_WORDS]
    return Features(facets=frozenset(facets), amounts=amounts, years=years, title=make_key(" ".join(words)))


def _read_values(name: str, pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        value = next((group for group in match.groups() if group), match[0]).casefold()
        if name == "stage":
            is_whole = value in {"final four", "final table", "final day", "ft"}
            yield STAGE_NAMES.get(value, value) if is_whole else "final"
        else:
            yield re.sub(r"[^a-z0-9]", "", value)


def read_amounts(text: str) -> tuple[frozenset[str], frozenset[int]]:
    """Return the amounts of money, in plain digits, and the years in the text.

    >>> read_amounts("2025 $250,000 and 1.5K") == (frozenset({"250000", "1500"}), frozenset({2025}))
    True
    """
    found = list(AMOUNT.finditer(text))
    years = frozenset(int(match[2]) for match in found if _is_year(match))
    return frozenset(_amount(match) for match in found if _is_amount(match)), years


def spell_amounts(text: str) -> str:
    """Return the text with every amount in plain digits.

    >>> spell_amounts("$45K Bluff"), spell_amounts("8 High")
    ('45000 Bluff', '8 High')
    """
    spaced = AMOUNT.sub(lambda match: f" {_amount(match)} " if _is_amount(match) else match[0], text)
    return " ".join(spaced.split())


def _is_year(match: re.Match[str]) -> bool:
    return not match[1] and not match[3] and match[2].isdigit() and int(match[2]) in YEARS


def _is_amount(match: re.Match[str]) -> bool:
    return bool(match[1] or match[3] or "," in match[2])


def _amount(match: re.Match[str]) -> str:
    value = Decimal(match[2].replace(",", "")).scaleb(SCALES[(match[3] or "").casefold()])
    return f"{value:f}" if value % 1 else f"{value:.0f}"


def _keep_small_number(match: re.Match[str]) -> str:
    return " " if _is_amount(match) or _is_year(match) else match[0]


def find_conflicts(row: Features, file: Features) -> tuple[str, ...]:
    """Return the features that both state and in which they disagree."""
    conflicts = [name for name in ("event", *SEGMENT_FACETS) if _disagree(row.select([name]), file.select([name]))]
    conflicts += ["amount"] if row.amounts and file.amounts and row.amounts != file.amounts else []
    conflicts += ["year"] if row.years and file.years and not row.years & file.years else []
    return tuple(conflicts)


def _disagree(row: Facets, file: Facets) -> bool:
    if not row or not file or row == file:
        return False
    values = {value for _, value in row | file}
    return not (
        row | file <= {("stage", "final"), ("stage", "final table"), ("stage", "final day")} and "final" in values
    )


def find_unresolved(row: Features, file: Features) -> tuple[str, ...]:
    """Return the segment facets that only one of the two states, and the editions in which they disagree."""
    segments = {name for name, _ in row.select(SEGMENT_FACETS)} ^ {name for name, _ in file.select(SEGMENT_FACETS)}
    editions = (name for name in EDITION_FACETS if _disagree(row.select([name]), file.select([name])))
    return (*sorted(segments), *editions)


def is_confirmed(row: NameFeatures, file: Features) -> bool:
    """Return whether a remark of the row singles out this file: by its edition or a further amount."""
    editions = row.remark.select(EDITION_FACETS) & file.select(EDITION_FACETS)
    return bool(editions or row.remark.amounts & file.amounts)
