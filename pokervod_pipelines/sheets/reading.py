"""A workbook as annotation rows, and what a person should look at in it.

The step between ``workbook`` and the database: pure, for the whole workbook at once. A tab that cannot be read is
named in ``unread``, never taken for a tab without rows: the second retires clips.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pokervod_pipelines.sheets.headers import Layout, PassedOver, find_layout
from pokervod_pipelines.sheets.rows import AnnotationRow, read_rows
from pokervod_pipelines.sheets.tab import Tab, clean_tab, name_cell
from pokervod_pipelines.sheets.words import NO_WORDS, Words, name_kind, read_words
from pokervod_pipelines.sheets.workbook import Workbook

CELLS_NAMED = 5

Problem = tuple[str, str]
"""Where (tab and row), and what is wrong there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The annotation rows of a workbook, the number of lines passed over, and the titles of tabs not understood.

    ``layouts`` are those of the tabs with rows, by title, and ``stray`` the numbers of their lines that do not count
    but have something of ours beside them; ``words`` are what people say in the tabs made for that.
    """

    rows: tuple[AnnotationRow, ...] = ()
    skipped: int = 0
    unread: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    words: Words = NO_WORDS
    stray: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def read_workbook(workbook: Workbook) -> Reading:
    """Return every annotation row of every tab, in the order of the workbook.

    Raises:
        BadInput: the workbook as a whole cannot be read.
        Unavailable: it cannot be read just now.

    """
    rows: list[AnnotationRow] = []
    skipped = 0
    refused: dict[str, str] = {}
    layouts: dict[str, Layout] = {}
    stray: dict[str, tuple[int, ...]] = {}
    tabs = [clean_tab(tab) for tab in workbook.tabs()]
    for tab in tabs:
        if name_kind(tab):
            continue
        layout = find_layout(tab)
        if reason := _refuse(tab, layout):
            refused[tab.title] = reason
        elif isinstance(layout, Layout):
            read = read_rows(tab, layout)
            layouts[tab.title], stray[tab.title] = layout, read.stray
            rows.extend(read.rows)
            skipped += read.blank + read.examples + read.remarks
    words = read_words(tabs)
    return Reading(
        rows=tuple(rows),
        skipped=skipped,
        unread=tuple(refused),
        problems=(*refused.items(), *find_repeated_ids(rows), *words.problems),
        layouts=layouts,
        words=words,
        stray=stray,
    )


def _refuse(tab: Tab, layout: Layout | PassedOver) -> str:
    """Return why the rows of the tab cannot be known, "" where they can or where it has none."""
    if isinstance(layout, PassedOver):
        return layout.reason if layout.is_problem else ""
    claimed = {index for indexes in layout.columns.values() for index in indexes}
    cells = [name_cell(row, column) for row, column in tab.uncomputed if row > layout.header_row and column in claimed]
    if not cells:
        return ""
    more = f" and {len(cells) - CELLS_NAMED} more" if len(cells) > CELLS_NAMED else ""
    return (
        f"the formulas in {', '.join(cells[:CELLS_NAMED])}{more} have no saved value, so the rows of this tab stay as "
        "they were; open the workbook in Excel or LibreOffice and save it again"
    )


def describe_copies(rows: Sequence[AnnotationRow]) -> Iterator[Problem]:
    """Yield each row that was copied together with the id of another."""
    for row in rows:
        yield (
            f"{row.tab} row {row.row_number}",
            "copied from another row together with its PokerVOD ID; it counts as a new row with an id of its own",
        )


def find_repeated_ids(rows: Sequence[AnnotationRow]) -> Iterator[Problem]:
    """Yield each row whose asset id stands above it already; both rows are kept."""
    first: dict[str, AnnotationRow] = {}
    for row in rows:
        if row.source_id and (above := first.setdefault(row.source_id, row)) is not row:
            place = f"{above.tab} row {above.row_number}"
            message = f"the id {row.source_id!r} stands in {place} too; an id names one asset, so mend one of them"
            yield f"{row.tab} row {row.row_number}", message
