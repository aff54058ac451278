"""What tells two similar names apart: event, money, year, day, part, stage, edition.

The guards of matching. Two names that disagree in a mark are two videos, however alike their words are; a mark that
only the file has leaves a doubt. The full reading of names is the catalog's; this is as much as a guard needs.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from pokervod_pipelines.sheets.titles import make_key, split_words, strip_copy_marks, strip_extension, strip_marks

REMARK = re.compile(r"\n.*|\([^()]*\)|\([^()]*$|\[[^\[\]]*\]", re.DOTALL)
"""A bracketed or second-line comment; a bracket that is never closed was cut off."""

EDIT_DATE = re.compile(r"^(?:\d{6}|\d{8})[_ ]")
AMOUNT = re.compile(
    r"(?<![\w.,])([$€£₩]?)\s?(\d[\d,]*(?:\.\d+)?)\s?(k|m|b|million|billion)?(?![\w]|[.,]\d)", re.IGNORECASE
)
SCALES = {"": 0, "k": 3, "m": 6, "million": 6, "b": 9, "billion": 9}
"""How many zeros a letter after an amount stands for."""

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
PLACES = ("stage", "day", "part", "session", "hand", "version")
"""The facets that tell which piece of an event a video is, and which cut of it: timecodes of one do not fit another."""

EDITIONS = ("resolution", "source")
"""The facets that tell copies of the same piece apart."""

STAGE_NAMES = {"ft": "final table"}
CONTEXT = frozenset({"wsop", "world", "series", "of", "poker", "bracelet", "event", "events"})
"""Words that name the series, written or left out at will."""

Facets = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The marks of one name; ``facets`` are (facet, value), ``title`` the words that are no mark, run together."""

    facets: Facets
    amounts: frozenset[str]
    years: frozenset[int]
    title: str

    def among(self, names: Iterable[str]) -> Facets:
        """Return the facets with these names."""
        wanted = set(names)
        return frozenset(facet for facet in self.facets if facet[0] in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMarks:
    """The marks of a whole name (``stated``) and of its bracketed remarks alone (``remark``)."""

    stated: Marks
    remark: Marks


def split_remark(title: str) -> tuple[str, str]:
    """Return the title's first line without what stands in brackets, and all that was taken away.

    >>> split_remark("Event #3 $5K (1080p)")
    ('Event #3 $5K', '(1080p)')
    """
    return " ".join(REMARK.sub(" ", title).split()), " ".join(" ".join(REMARK.findall(title)).split())


def read_name_marks(name: str) -> NameMarks:
    """Return the marks of a file name, a title or a folder name, its remarks apart.

    A remark states places and editions as well as the title does, but an event or amount only where the title has
    none: "(#79 too)" is an aside.
    """
    stem = EDIT_DATE.sub("", strip_copy_marks(strip_marks(strip_extension(name)))).replace("_", " ")
    head, aside = (_read_marks(text) for text in split_remark(stem))
    asides = aside.among((*PLACES, *EDITIONS) if head.among(["event"]) else FACETS)
    stated = replace(
        head, facets=head.facets | asides, amounts=head.amounts or aside.amounts, years=head.years or aside.years
    )
    return NameMarks(stated=stated, remark=aside)


def _read_marks(text: str) -> Marks:
    facets = set()
    for name, pattern in FACETS.items():
        facets |= {(name, value) for value in _read_values(name, pattern, text)}
        text = pattern.sub(" ", text)
    amounts, years = read_amounts(text)
    words = [word for word in split_words(AMOUNT.sub(_keep_small_number, text)) if word not in CONTEXT]
    return Marks(facets=frozenset(facets), amounts=amounts, years=years, title=make_key(" ".join(words)))


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


def find_conflicts(row: Marks, file: Marks) -> tuple[str, ...]:
    """Return the marks that both state and in which they disagree; ``()`` where nothing speaks against the pair."""
    conflicts = [name for name in ("event", *PLACES) if _disagree(row.among([name]), file.among([name]))]
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


def find_doubts(row: Marks, file: Marks) -> tuple[str, ...]:
    """Return the places that only one of the two states, and the editions in which they disagree."""
    places = {name for name, _ in row.among(PLACES)} ^ {name for name, _ in file.among(PLACES)}
    editions = (name for name in EDITIONS if _disagree(row.among([name]), file.among([name])))
    return (*sorted(places), *editions)


def is_confirmed(row: NameMarks, file: Marks) -> bool:
    """Whether a remark of the row names something that sets this file apart: its edition or a further amount."""
    editions = row.remark.among(EDITIONS) & file.among(EDITIONS)
    return bool(editions or row.remark.amounts & file.amounts)
