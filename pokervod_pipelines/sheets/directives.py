"""Read the tabs in which people write directives: corrections of the catalog, and aliases of players.

Only reading them belongs here; the rooms that they are for are asked by ``workflows``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets.headers import simplify_header
from pokervod_pipelines.sheets.tab import Tab, name_cell


class DirectiveKind(StrEnum):
    """Tell what a directive decides."""

    CORRECTION = "correction"
    """A field of a video's catalog entry has this value, whatever the rules read."""

    ALIAS = "alias"
    """A name means this player."""


TABS = {"pokervodcorrections": DirectiveKind.CORRECTION, "pokervodaliases": DirectiveKind.ALIAS}
"""The tabs' titles, as ``simplify_header`` leaves them."""

COLUMNS = {DirectiveKind.CORRECTION: ("file", "field", "value"), DirectiveKind.ALIAS: ("alias", "player")}
"""The headers, which are in the first row that is not blank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """Hold one row: ``key`` is the file and the field as JSON, or the alias; ``where`` is the tab and the row."""

    kind: DirectiveKind
    key: str
    value: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDirectives:
    """Hold the directives of a sheet, the kinds that have a whole tab in it, and rows that a person should correct.

    Only in a whole tab, without an error in place of a value, a line that is missing was cleared.
    """

    directives: tuple[Directive, ...] = ()
    kinds: frozenset[DirectiveKind] = frozenset()
    problems: tuple[Problem, ...] = ()


NO_DIRECTIVES = SheetDirectives()


def find_kind(tab: Tab) -> DirectiveKind | None:
    """Return the kind of directives that the tab is for; None for any other tab."""
    return TABS.get(simplify_header(tab.title))


def read_directives(tabs: Sequence[Tab]) -> SheetDirectives:
    """Return every directive of every such tab; of two about one subject the lower one counts."""
    directives: dict[tuple[DirectiveKind, str], Directive] = {}
    kinds: set[DirectiveKind] = set()
    problems: list[Problem] = []
    for tab in tabs:
        kind = find_kind(tab)
        columns = _find_columns(tab, kind) if kind else None
        if kind is None:
            continue
        if columns is None:
            expected = ", ".join(name.capitalize() for name in COLUMNS[kind])
            problems.append(Problem(tab.title, f"expected the columns {expected} in its first row; tab ignored"))
            continue
        if not tab.errors:
            kinds.add(kind)
        for read in _read_rows(tab, kind, *columns):
            if isinstance(read, Directive):
                directives[kind, read.key] = read
            else:
                problems.append(read)
    return SheetDirectives(directives=tuple(directives.values()), kinds=frozenset(kinds), problems=tuple(problems))


def _find_columns(tab: Tab, kind: DirectiveKind) -> tuple[int, Mapping[str, int]] | None:
    """Return the header's index and the columns' by name."""
    for index, row in enumerate(tab.cells):
        if any(cell.strip() for cell in row):
            found = {simplify_header(cell): column for column, cell in reversed(list(enumerate(row)))}
            is_whole = all(name in found for name in COLUMNS[kind])
            return (index, found) if is_whole else None
    return None


def _read_rows(tab: Tab, kind: DirectiveKind, header: int, columns: Mapping[str, int]) -> Iterator[Directive | Problem]:
    for index, row in enumerate(tab.cells[header + 1 :], start=header + 2):
        cells = [row[columns[name]].strip() if columns[name] < len(row) else "" for name in COLUMNS[kind]]
        where = f"{tab.title} row {index}"
        errors = [f"{name_cell(*place)} {error}" for place, error in tab.errors.items() if place[0] == index - 1]
        if errors:
            yield Problem(
                where, f"{', '.join(errors)} in place of a value; correct the formula. No line is withdrawn now"
            )
        elif all(cells):
            *subject, value = cells
            key = subject[0] if kind is DirectiveKind.ALIAS else json.dumps(subject, ensure_ascii=False)
            yield Directive(kind=kind, key=key, value=value, where=where)
        elif any(cells):
            missing = ", ".join(name for name, cell in zip(COLUMNS[kind], cells, strict=True) if not cell)
            yield Problem(where, f"{missing} is blank; fill it in, or clear the row")
