"""Find the header row of a tab, and the field of each column.

People put notes above the header, repeat columns (three players, seven plays) and mistype names, so columns are known
by position, never by name alone. The names themselves are data in ``vocabulary``; the rows below the header are read
in ``rows``.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from pokervod_pipelines.sheets.tab import Tab, name_cell
from pokervod_pipelines.sheets.vocabulary import HEADERS, MANAGED_HEADERS, OTHER_TABLES, REQUIRED, SheetKind
from pokervod_pipelines.text.folding import fold_width

HEADER_ROWS_SEARCHED = 30
MIN_TYPO_LENGTH = 5
"""Shorter headers ("In", "Out", "Hand") must be exact: one wrong letter may make another header."""

LONG_HEADER_LENGTH = 9
OTHER_TABLE_SHARE = 0.6
LEADING_COLUMN_NUMBER = re.compile(r"^\s*\d+\s+(?=\D)")
END_OF_RANGE = r"(?:[^\W\d_]{2} )?\d{1,2}:\d{2}(?::\d{2}){0,2}"
TIME_RANGE = re.compile(rf"^\s*{END_OF_RANGE}(?: ?[ap]m)?\s*[-~\u2013\u2014]\s*{END_OF_RANGE}\b", re.IGNORECASE)
TIME = re.compile(r"^\s*\d{1,2}:\d{2}(?::\d{2}){0,2}\b")

MIN_KNOWN_FIELDS = 2
"""Fewer may be words of a note."""

MIN_SIMILAR = 0.5

Columns = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationLayout:
    """Locate the annotations of a tab; ``columns`` maps a field to the indexes (from 0) of all its columns.

    ``managed`` maps the PokerVOD fields to the one column that each has.
    """

    kind: SheetKind
    tab: str
    header_row: int
    headers: tuple[str, ...]
    columns: Columns
    managed: Mapping[str, int] = field(default_factory=dict)

    def unmapped(self) -> tuple[int, ...]:
        """Return the indexes of the columns without a field."""
        claimed = {index for indexes in self.columns.values() for index in indexes} | {*self.managed.values()}
        return tuple(index for index in range(len(self.headers)) if index not in claimed)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedTab:
    """Name a tab without annotations to read; ``is_problem`` where a person should check why."""

    tab: str
    reason: str
    is_problem: bool


def find_layout(tab: Tab) -> AnnotationLayout | SkippedTab:
    """Return the layout of the tab, from the best header row among its first rows, or why it is skipped."""
    head = tab.cells[:HEADER_ROWS_SEARCHED]
    if not any(cell.strip() for row in tab.cells for cell in row):
        return SkippedTab(tab=tab.title, reason="the tab is blank", is_problem=False)
    found = [layout for index in range(len(head)) for kind in SheetKind if (layout := _read_header(tab, index, kind))]
    if found:
        return max(found, key=_count_mapped)
    for row in head:
        if other := _name_other_table(row):
            return SkippedTab(tab=tab.title, reason=f"it is {other}, not annotations", is_problem=False)
    return SkippedTab(tab=tab.title, reason=_explain_missing(tab), is_problem=True)


def _count_mapped(layout: AnnotationLayout) -> tuple[int, int]:
    """Return the sort key of a layout: how many columns it maps, the upper header row first."""
    return sum(len(indexes) for indexes in layout.columns.values()), -layout.header_row


def _read_header(tab: Tab, index: int, kind: SheetKind) -> AnnotationLayout | None:
    headers = tab.cells[index]
    managed = find_managed_columns(headers)
    columns = map_columns(["" if place in managed.values() else header for place, header in enumerate(headers)], kind)
    if kind is SheetKind.CLIP_TRACKER and "time_range" not in columns and _may_be_header(headers):
        columns = _with_time_range_by_content(tab, index, columns)
    if not all(any(field in columns for field in group) for group in REQUIRED[kind]):
        return None
    return AnnotationLayout(
        kind=kind, tab=tab.title, header_row=index, headers=tuple(headers), columns=columns, managed=managed
    )


def map_columns(headers: Sequence[str], kind: SheetKind) -> dict[str, tuple[int, ...]]:
    """Return field → column indexes, in sheet order; a mistyped header counts when it can mean one field only.

    A blank between a tag's header and the next one continues the tag: that is how a header merged over its repeated
    columns is saved.

    >>> map_columns(["File No.", "file name", "", "Tag (Player)", "tag player"], SheetKind.ARCHIVE)
    {'file_no': (0,), 'file_name': (1,), 'tag_player': (3, 4)}
    """
    columns: dict[str, tuple[int, ...]] = {}
    last = max((index for index, header in enumerate(headers) if header.strip()), default=-1)
    field: str | None = None
    for index, header in enumerate(headers[: last + 1]):
        is_merged = not header.strip() and kind is SheetKind.ARCHIVE and (field or "").startswith("tag_")
        field = field if is_merged else _find_field(header, kind)
        if field:
            columns[field] = (*columns.get(field, ()), index)
    return columns


def find_managed_columns(headers: Sequence[str]) -> dict[str, int]:
    """Return field → index of the PokerVOD columns; of two with one header the left one counts.

    >>> find_managed_columns(["File No.", "Pin", "pokervod id"])
    {'pin': 1, 'row_key': 2}
    """
    names = _managed_field_by_name()
    found: dict[str, int] = {}
    for index, header in enumerate(headers):
        if (name := names.get(simplify_header(header))) is not None:
            found.setdefault(name, index)
    return found


@cache
def _field_by_name(kind: SheetKind) -> dict[str, str]:
    return {simplify_header(name): field for field, names in HEADERS[kind].items() for name in names}


@cache
def _managed_field_by_name() -> dict[str, str]:
    return {simplify_header(name): field for field, spellings in MANAGED_HEADERS.items() for name in spellings}


@lru_cache(maxsize=4096)
def simplify_header(header: str) -> str:
    """Return only the header's letters and digits, in lower case, without a leading column number.

    >>> simplify_header("3 Filename"), simplify_header("Tag (Poker Play)")
    ('filename', 'tagpokerplay')
    """
    text = unicodedata.normalize("NFKC", LEADING_COLUMN_NUMBER.sub("", header)).casefold()
    return "".join(character for character in text if character.isalnum())


@lru_cache(maxsize=4096)  # every pass asks again for the same few rows
def _find_field(header: str, kind: SheetKind) -> str | None:
    names = _field_by_name(kind)
    simple = simplify_header(header)
    if simple in names or len(simple) < MIN_TYPO_LENGTH:
        return names.get(simple)
    allowed = 2 if len(simple) >= LONG_HEADER_LENGTH else 1
    distances = {
        name: OSA.distance(simple, name, score_cutoff=allowed) for name in names if len(name) >= MIN_TYPO_LENGTH
    }
    nearest = min(distances.values(), default=allowed + 1)
    fields = {names[name] for name, distance in distances.items() if distance == nearest <= allowed}
    return fields.pop() if len(fields) == 1 else None


def _may_be_header(cells: Sequence[str]) -> bool:
    """Return whether a header is spelt as known and no cell is a time range: "Event #0" of an example is data."""
    known = _field_by_name(SheetKind.CLIP_TRACKER)
    is_known = any(simplify_header(cell) in known for cell in cells)
    return is_known and not any(TIME_RANGE.match(fold_width(cell)) for cell in cells)


def _with_time_range_by_content(
    tab: Tab, header_row: int, columns: dict[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Add the column whose cells are time ranges: trackers leave its header blank or "?"."""
    claimed = {index for indexes in columns.values() for index in indexes}
    below = tab.cells[header_row + 1 :]
    for index in range(max((len(row) for row in below), default=0)):
        cells = [row[index] for row in below if index < len(row) and row[index].strip()]
        ranges = sum(bool(TIME_RANGE.match(fold_width(cell))) for cell in cells)
        if index not in claimed and ranges * 2 > len(cells):
            return {**columns, "time_range": (index,)}
    return columns


def _name_other_table(row: Iterable[str]) -> str | None:
    present = {simplify_header(cell) for cell in row if cell.strip()}
    for name, headers in OTHER_TABLES.items():
        expected = {simplify_header(header) for header in headers}
        if len(present & expected) >= max(3, OTHER_TABLE_SHARE * len(expected)):
            return name
    return None


def _explain_missing(tab: Tab) -> str:
    head = tab.cells[:HEADER_ROWS_SEARCHED]
    found = [(*_find_missing(row, kind), -index, kind) for index, row in enumerate(head) for kind in SheetKind]
    known, missing, place, kind = max(found, key=lambda each: (each[0] - len(each[1]), each[2]))
    if known >= MIN_KNOWN_FIELDS:
        lacks = " and ".join(_name_missing(group, kind, -place, head[-place]) for group in missing)
        hint = f"Row {1 - place} is nearest, as {kind}: it lacks {lacks}."
    else:
        hint = _hint_at_first(head) + "Expected " + "; ".join(map(_name_required, SheetKind)) + "."
    where, or_skip = f"tab {tab.title!r}", ", or add the tab to the sheet's `skip_tabs`"
    if tab.is_file:
        where, or_skip = "the file", ""
    return (
        f"No header row in the first {len(head)} rows of {where}, so its rows stay as they were. {hint} "
        f"Correct the header{or_skip}."
    )


def _find_missing(headers: Sequence[str], kind: SheetKind) -> tuple[int, list[tuple[str, ...]]]:
    """Return how many fields the row names, and the groups of required fields that it has none of."""
    columns = map_columns(headers, kind)
    return len(columns), [group for group in REQUIRED[kind] if not any(field in columns for field in group)]


def _name_missing(group: Sequence[str], kind: SheetKind, row: int, headers: Sequence[str]) -> str:
    """Return the names of the columns, and the header that may mean one."""
    names = [name for field in group for name in HEADERS[kind][field]]
    unknown = [(cell, index) for index, cell in enumerate(headers) if cell.strip() and not _find_field(cell, kind)]
    expected = " or ".join(HEADERS[kind][field][0] for field in group)
    nearest = max(unknown, key=lambda each: _compare(each[0], names), default=("", 0))
    if _compare(nearest[0], names) < MIN_SIMILAR:
        return expected
    return f"{expected} (is it {nearest[0].strip()!r} in {name_cell(row, nearest[1])}?)"


def _compare(header: str, names: Iterable[str]) -> float:
    return max(OSA.normalized_similarity(simplify_header(header), simplify_header(name)) for name in names)


def _hint_at_first(head: Sequence[Sequence[str]]) -> str:
    """Return which row has a time and no known header above it, "" if none has one."""
    for index, row in enumerate(head):
        times = [place for place, cell in enumerate(row) if TIME.match(fold_width(cell))]
        if times:
            above = max((each for each in range(index) if any(map(str.strip, head[each]))), default=0)
            if above < index and _names_columns(head[above], times):
                known = "too few" if any(map_columns(head[above], kind) for kind in SheetKind) else "no"
                suggested = _suggest_names(head[above], above)
                return f"Row {above + 1} has {known} known column names: rename them{suggested}. "
            return f"Row {index + 1} has times, but no header above it: add one. "
    return ""


def _names_columns(row: Sequence[str], times: Iterable[int]) -> bool:
    """Return whether the row has several texts, also above one of the times."""
    filled = [index for index, cell in enumerate(row) if cell.strip()]
    return len(filled) > 1 and not set(times).isdisjoint(filled)


def _suggest_names(row: Sequence[str], index: int) -> str:
    """Return the known names that are like the unknown ones of the row."""
    known = [name for kind in SheetKind for names in HEADERS[kind].values() for name in names]
    found = []
    for place, cell in enumerate(row):
        likeness, name = max((_compare(cell, [name]), name) for name in known)
        if MIN_SIMILAR <= likeness < 1:
            found.append(f"`{name}` in {name_cell(index, place)}")
    return f" (did you mean {', '.join(found)}?)" if found else ""


def _name_required(kind: SheetKind) -> str:
    return f"{kind}: " + " + ".join(HEADERS[kind][group[0]][0] for group in REQUIRED[kind])
