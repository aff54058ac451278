"""Find the errors of a tab, and the rows of a live tab that wait for cells which are not computed yet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pokervod_pipelines.sheets.headers import AnnotationLayout
from pokervod_pipelines.sheets.tab import Tab, name_cell

FILLED = ("file_name", "time_in", "time_out", "time_range")
"""Fields that one formula may fill for all rows: where it shows an error, the cells below are blank."""

Place = tuple[int, int]


def has_error(tab: Tab, layout: AnnotationLayout, row: int, fields: Iterable[str]) -> bool:
    """Return whether a cell of these fields shows an error in the row."""
    return bool(tab.errors) and any((row, column) in tab.errors for column in _find_columns(layout, fields))


def name_errors(tab: Tab, layout: AnnotationLayout, row: int) -> Iterator[str]:
    """Yield each cell of ours in the row that shows an error, with the error."""
    for column in sorted(_find_columns(layout, layout.columns)):
        if (row, column) in tab.errors:
            yield f"{name_cell(row, column)} {tab.errors[row, column]}"


def find_filling_errors(tab: Tab, layout: AnnotationLayout) -> Iterator[str]:
    """Yield each error that may leave rows blank: those of ours, and those in a line with nothing else of ours."""
    ours = {*_find_columns(layout, layout.columns)}
    for (row, column), error in sorted(tab.errors.items()):
        is_alone = not any(tab.cells[row][each].strip() for each in ours if each < len(tab.cells[row]))
        if row > layout.header_row and (column in ours or is_alone):
            yield f"{name_cell(row, column)} {error}"


def find_uncomputed(tab: Tab, layout: AnnotationLayout, carried: Iterable[str]) -> Mapping[int, tuple[str, ...]]:
    """Return the cells that each row waits for: its own, and one above in a field that is carried down or filled."""
    if not (tab.is_live and tab.errors):
        return {}
    waits: dict[int, list[str]] = defaultdict(list)
    for row in sorted({row for row, _ in tab.errors if row > layout.header_row}):
        waits[row].extend(name_errors(tab, layout, row))
    filled = {column for column in _find_columns(layout, FILLED) if _may_fill(tab, column, tab.errors)}
    for column in {*_find_columns(layout, carried), *filled}:
        for row, cell in _find_blank_below(tab, layout, column, tab.errors):
            waits[row].append(cell)
    return {row: tuple(dict.fromkeys(cells)) for row, cells in waits.items()}


def find_unreadable_cells(tab: Tab, layout: AnnotationLayout, column: int | None) -> Mapping[int, str]:
    """Return by row the cell of the column whose value cannot be read: the row's own, or one above that may fill it."""
    unreadable = tab.unreadable
    if column is None or not unreadable:
        return {}
    own = {row: f"{name_cell(row, column)} {what}" for (row, each), what in unreadable.items() if each == column}
    below = _find_blank_below(tab, layout, column, unreadable) if _may_fill(tab, column, unreadable) else ()
    return {**dict(below), **own}


def _may_fill(tab: Tab, column: int, unreadable: Iterable[Place]) -> bool:
    """Return whether one formula may fill the column: nothing is written below a cell without its value."""
    written = (row for row, cells in enumerate(tab.cells) if column < len(cells) and cells[column].strip())
    last = max(written, default=-1)
    return any(place[1] == column and place[0] > last for place in unreadable)


def _find_blank_below(
    tab: Tab, layout: AnnotationLayout, column: int, unreadable: Mapping[Place, str]
) -> Iterator[tuple[int, str]]:
    """Yield each row with a blank cell whose nearest cell above has no value, and that cell."""
    above = ""
    for row in range(layout.header_row + 1, len(tab.cells)):
        if (row, column) in unreadable:
            above = f"{name_cell(row, column)} {unreadable[row, column]}"
        elif column < len(tab.cells[row]) and tab.cells[row][column].strip():
            above = ""
        elif above:
            yield row, above


def _find_columns(layout: AnnotationLayout, fields: Iterable[str]) -> Iterator[int]:
    return (column for field in fields for column in layout.columns.get(field, ()))
