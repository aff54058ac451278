"""Read a workbook as annotation rows and problems for a person.

The step between ``workbook`` and the database: pure, for the whole workbook at once. A tab that cannot be read is
named in ``unread``, never treated as a tab without rows, which would retire clips.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import starmap

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.directives import NO_DIRECTIVES, SheetDirectives, find_kind, read_directives
from pokervod_pipelines.sheets.headers import TIME, AnnotationLayout, SkippedTab, find_layout
from pokervod_pipelines.sheets.rows import EXAMPLE, AnnotationRow, read_rows
from pokervod_pipelines.sheets.tab import Tab, clean_tab, fill_merged, name_cell
from pokervod_pipelines.sheets.uncomputed import find_filling_errors, name_errors
from pokervod_pipelines.sheets.workbook import Workbook
from pokervod_pipelines.text.folding import fold_width

MAX_CELLS_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReading:
    """Hold the annotation rows of a workbook, the number of skipped lines, and why tabs are unreadable, by title.

    ``layouts`` are those of the tabs with rows, by title, and ``stray`` the numbers of their lines that are not rows
    but have text in our columns; ``directives`` are those of the tabs made for them. ``computing`` maps the titles of
    tabs to the cells that are not computed yet and may leave rows blank.
    """

    rows: tuple[AnnotationRow, ...] = ()
    skipped: int = 0
    unread: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    layouts: Mapping[str, AnnotationLayout] = field(default_factory=dict)
    directives: SheetDirectives = NO_DIRECTIVES
    stray: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    computing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TabFilter:
    """Choose the tabs to read: not those with a title that matches a glob of ``titles``, nor hidden ones if so set."""

    titles: tuple[str, ...] = ()
    skips_hidden: bool = False

    def is_read(self, tab: Tab) -> bool:
        """Return whether the tab is read; upper and lower case are alike."""
        title = tab.title.strip().casefold()
        is_named = any(fnmatchcase(title, glob.casefold()) for glob in self.titles)
        return not is_named and not (self.skips_hidden and tab.is_hidden)


ALL_TABS = TabFilter()


def choose_tabs(source: SheetSource) -> TabFilter:
    """Return the choice of tabs that the settings make."""
    return TabFilter(source.skip_tabs, source.skip_hidden_tabs)


def read_workbook(workbook: Workbook, tab_filter: TabFilter = ALL_TABS) -> SheetReading:
    """Return every annotation row of every tab, in the order of the workbook.

    Raises:
        BadInput: the workbook as a whole cannot be read, such as a CSV without a header.
        Unavailable: it cannot be read now.

    """
    rows: list[AnnotationRow] = []
    skipped = 0
    errors: list[Problem] = []
    unreadable: dict[str, str] = {}
    layouts: dict[str, AnnotationLayout] = {}
    stray: dict[str, tuple[int, ...]] = {}
    computing: dict[str, tuple[str, ...]] = {}
    tabs = [clean_tab(tab) for tab in workbook.tabs() if tab_filter.is_read(tab)]
    for tab in tabs:
        if find_kind(tab):
            continue
        layout = find_layout(tab)
        if reason := _explain_unreadable(tab, layout):
            if tab.is_file:
                raise BadInput(f"{workbook.name}: {reason}")
            unreadable[tab.title] = reason
        elif isinstance(layout, AnnotationLayout):
            read = read_rows(fill_merged(tab, below=layout.header_row), layout)
            errors.extend(() if tab.is_live else _find_errors(tab, layout))
            errors.extend(_find_unread_pins(tab, read.unread_pins))
            errors.extend(_find_rows_above(tab, layout))
            computing[tab.title] = tuple(find_filling_errors(tab, layout)) if tab.is_live else ()
            layouts[tab.title], stray[tab.title] = layout, read.stray
            rows.extend(read.rows)
            skipped += read.blank + read.examples + read.remarks
    directives = read_directives(tabs)
    return SheetReading(
        rows=tuple(rows),
        skipped=skipped,
        unread=unreadable,
        problems=(*starmap(Problem, unreadable.items()), *errors, *find_repeated_ids(rows), *directives.problems),
        layouts=layouts,
        directives=directives,
        stray=stray,
        computing={title: cells for title, cells in computing.items() if cells},
    )


def _explain_unreadable(tab: Tab, layout: AnnotationLayout | SkippedTab) -> str:
    """Return why the rows of the tab cannot be read, "" where they can or where it has none."""
    if isinstance(layout, SkippedTab):
        return layout.reason if layout.is_problem else ""
    claimed = {index for indexes in layout.columns.values() for index in indexes}
    cells = [name_cell(row, column) for row, column in tab.uncomputed if row > layout.header_row and column in claimed]
    if not cells:
        return ""
    return (
        f"The formulas in {join_cells(cells)} have no saved value, so the rows of this tab stay as they were. "
        "Open the workbook in Excel or LibreOffice and save it again."
    )


def join_cells(cells: Sequence[str]) -> str:
    """Return the first cells and the number of the others.

    >>> join_cells(["B2", "B3", "B4", "B5", "B6", "B7", "B8"])
    'B2, B3, B4, B5, B6 and 2 more'
    """
    more = f" and {len(cells) - MAX_CELLS_NAMED} more" if len(cells) > MAX_CELLS_NAMED else ""
    return f"{', '.join(cells[:MAX_CELLS_NAMED])}{more}"


def _find_unread_pins(tab: Tab, pins: Mapping[int, str]) -> Iterator[Problem]:
    if pins:
        yield Problem(
            f"{tab.title} row {min(pins)}",
            f"Pin: {join_cells([*dict.fromkeys(pins.values())])} in place of a path, so the row keeps the pin that it "
            "had. Write the path as text, or correct the formula and save the workbook again.",
        )


def _find_rows_above(tab: Tab, layout: AnnotationLayout) -> Iterator[Problem]:
    """Yield the first row above the header that has a time in the column of times."""
    columns = [index for name in ("time_range", "time_in") for index in layout.columns.get(name, ())]
    found = [
        number
        for number, cells in enumerate(tab.cells[: layout.header_row], start=1)
        if any(TIME.match(fold_width(cells[index])) for index in columns if index < len(cells))
        and not any(map(EXAMPLE.match, cells))
    ]
    if found:
        more = f", like {len(found) - 1} more" if len(found) > 1 else ""
        text = f"The row is above the header in row {layout.header_row + 1}{more}, and is not read. Move it below."
        yield Problem(f"{tab.title} row {found[0]}", text)


def _find_errors(tab: Tab, layout: AnnotationLayout) -> Iterator[Problem]:
    """Yield each row with cells of ours that show an error in place of a value."""
    for row in sorted({row for row, _ in tab.errors if row > layout.header_row}):
        if cells := ", ".join(name_errors(tab, layout, row)):
            text = (
                f"The sheet shows an error in place of a value: {cells}. The cell counts as blank. Correct its formula."
            )
            yield Problem(f"{tab.title} row {row + 1}", text)


def find_repeated_ids(rows: Sequence[AnnotationRow]) -> Iterator[Problem]:
    """Yield each row whose asset id is already in a row above; both rows are kept."""
    first: dict[str, AnnotationRow] = {}
    for row in rows:
        if row.source_id and (above := first.setdefault(row.source_id, row)) is not row:
            place = f"{above.tab} row {above.row_number}"
            message = f"The id {row.source_id!r} is also in {place}. Correct the id in one of the two rows."
            yield Problem(f"{row.tab} row {row.row_number}", message)
