"""Read the tabs in which people write directives: corrections of the catalog, and aliases of players.

Only reading them belongs here; the rooms that they are for are asked by ``workflows``.
"""

import json
from collections import defaultdict
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

NO_VALUE = (
    "{cells} in place of a value; correct the formula, or open the workbook in Excel or LibreOffice and save it again. "
    "No line is withdrawn now"
)


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

    Only in a whole tab, where every formula has a value, a line that is missing was cleared.
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
    is_whole: dict[DirectiveKind, bool] = {}
    problems: list[Problem] = []
    for tab in tabs:
        kind = find_kind(tab)
        if kind is None:
            continue
        columns = _find_columns(tab, kind)
        unreadable = _find_unreadable(tab, kind, *columns) if columns else {}
        is_whole[kind] = is_whole.get(kind, True) and columns is not None and not unreadable
        if columns is None:
            expected = ", ".join(name.capitalize() for name in COLUMNS[kind])
            problems.append(Problem(tab.title, f"expected the columns {expected} in its first row; tab ignored"))
            continue
        for read in _read_rows(tab, kind, *columns, unreadable):
            if isinstance(read, Directive):
                directives[kind, read.key] = read
            else:
                problems.append(read)
    kinds = frozenset(kind for kind, whole in is_whole.items() if whole)
    return SheetDirectives(directives=tuple(directives.values()), kinds=kinds, problems=tuple(problems))


def _find_columns(tab: Tab, kind: DirectiveKind) -> tuple[int, Mapping[str, int]] | None:
    """Return the header's index and the columns' by name."""
    for index, row in enumerate(tab.cells):
        if any(cell.strip() for cell in row):
            found = {simplify_header(cell): column for column, cell in reversed(list(enumerate(row)))}
            is_whole = all(name in found for name in COLUMNS[kind])
            return (index, found) if is_whole else None
    return None


def _find_unreadable(tab: Tab, kind: DirectiveKind, header: int, columns: Mapping[str, int]) -> dict[int, list[str]]:
    """Return by row index the cells of ours that have no value although they are not blank."""
    found: dict[int, list[str]] = defaultdict(list)
    ours = {columns[name] for name in COLUMNS[kind]}
    for (row, column), what in sorted(tab.unreadable.items()):
        if row > header and column in ours:
            found[row].append(f"{name_cell(row, column)} {what}")
    return found


def _read_rows(
    tab: Tab, kind: DirectiveKind, header: int, columns: Mapping[str, int], unreadable: Mapping[int, Sequence[str]]
) -> Iterator[Directive | Problem]:
    for index in range(header + 1, max(len(tab.cells), *(row + 1 for row in unreadable), 0)):
        row = tab.cells[index] if index < len(tab.cells) else ()
        cells = [row[columns[name]].strip() if columns[name] < len(row) else "" for name in COLUMNS[kind]]
        where = f"{tab.title} row {index + 1}"
        if index in unreadable:
            yield Problem(where, NO_VALUE.format(cells=", ".join(unreadable[index])))
        elif all(cells):
            *subject, value = cells
            key = subject[0] if kind is DirectiveKind.ALIAS else json.dumps(subject, ensure_ascii=False)
            yield Directive(kind=kind, key=key, value=value, where=where)
        elif any(cells):
            missing = ", ".join(name for name, cell in zip(COLUMNS[kind], cells, strict=True) if not cell)
            yield Problem(where, f"{missing} is blank; fill it in, or clear the row")
