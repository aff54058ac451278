"""The tabs in which people tell the system what no rule can find: corrections of the catalog, other names of players.

Reading them is this room's business; following them is the catalog's and the clips', which ``workflows`` asks.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pokervod_pipelines.sheets.headers import simplify_header
from pokervod_pipelines.sheets.tab import Tab


class WordKind(StrEnum):
    """What a line is about."""

    CORRECTION = "correction"
    """A field of a video's catalog entry has this value, whatever the rules read."""

    ALIAS = "alias"
    """A name means this player."""


TABS = {"pokervodcorrections": WordKind.CORRECTION, "pokervodaliases": WordKind.ALIAS}
"""The tabs' titles, as ``simplify_header`` leaves them."""

COLUMNS = {WordKind.CORRECTION: ("file", "field", "value"), WordKind.ALIAS: ("alias", "player")}
"""The headers, which stand in the first row that is not blank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one line says: ``key`` is the file and the field as JSON, or the alias; ``where`` names the line."""

    kind: WordKind
    key: str
    value: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the tabs say, the kinds that have a tab to say it in, and lines that say nothing clear."""

    words: tuple[Word, ...] = ()
    kinds: frozenset[WordKind] = frozenset()
    problems: tuple[tuple[str, str], ...] = ()


NO_WORDS = Words()


def name_kind(tab: Tab) -> WordKind | None:
    """What the tab's lines are about; None for any other tab."""
    return TABS.get(simplify_header(tab.title))


def read_words(tabs: Sequence[Tab]) -> Words:
    """Every line of every such tab; of two lines about one thing the lower one counts."""
    words: dict[tuple[WordKind, str], Word] = {}
    kinds: set[WordKind] = set()
    problems: list[tuple[str, str]] = []
    for tab in tabs:
        kind = name_kind(tab)
        columns = _find_columns(tab, kind) if kind else None
        if kind is None:
            continue
        if columns is None:
            expected = ", ".join(name.capitalize() for name in COLUMNS[kind])
            problems.append((tab.title, f"its first line must name the columns {expected}; nothing in it is followed"))
            continue
        kinds.add(kind)
        for word in _read_lines(tab, kind, *columns):
            if isinstance(word, Word):
                words[kind, word.key] = word
            else:
                problems.append(word)
    return Words(words=tuple(words.values()), kinds=frozenset(kinds), problems=tuple(problems))


def _find_columns(tab: Tab, kind: WordKind) -> tuple[int, Mapping[str, int]] | None:
    """Return the header's index and the columns' by name."""
    for index, row in enumerate(tab.cells):
        if any(cell.strip() for cell in row):
            found = {simplify_header(cell): column for column, cell in reversed(list(enumerate(row)))}
            is_whole = all(name in found for name in COLUMNS[kind])
            return (index, found) if is_whole else None
    return None


def _read_lines(tab: Tab, kind: WordKind, header: int, columns: Mapping[str, int]) -> Iterator[Word | tuple[str, str]]:
    for index, row in enumerate(tab.cells[header + 1 :], start=header + 2):
        cells = [row[columns[name]].strip() if columns[name] < len(row) else "" for name in COLUMNS[kind]]
        where = f"{tab.title} row {index}"
        if all(cells):
            *subject, value = cells
            key = subject[0] if kind is WordKind.ALIAS else json.dumps(subject, ensure_ascii=False)
            yield Word(kind=kind, key=key, value=value, where=where)
        elif any(cells):
            missing = ", ".join(name for name, cell in zip(COLUMNS[kind], cells, strict=True) if not cell)
            yield where, f"{missing} is blank; fill it in, or clear the line"
