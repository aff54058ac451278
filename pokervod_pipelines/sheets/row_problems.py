"""Tell a person which rows of a sheet came beside another row's id, were copied, or are not computed yet."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets.align import Alignment
from pokervod_pipelines.sheets.rows import AnnotationRow

MAX_ROWS_NAMED = 5


def find_row_problems(alignment: Alignment) -> Iterator[Problem]:
    """Yield what a person should know of the rows."""
    yield from _find_displaced([row for _, row in alignment.displaced])
    yield from _find_copies(alignment.copies)
    for _, row in alignment.uncomputed:
        yield Problem(_place(row), f"{_name_cells(row)} The row stays as it was until they are computed.")
    for row in alignment.added:
        if row.uncomputed:
            yield Problem(_place(row), f"{_name_cells(row)} The new row is taken in when they are computed.")


def _find_displaced(rows: Sequence[AnnotationRow]) -> Iterator[Problem]:
    """Yield one problem for each tab: a sort displaces many rows at once."""
    for tab, group in groupby(rows, key=attrgetter("tab")):
        numbers = [row.row_number for row in group]
        yield Problem(
            f"{tab} row {numbers[0]}",
            f"Rows beside the PokerVOD ID of another row: {len(numbers)}. People's cells were sorted or imported "
            "without the PokerVOD columns. Known rows keep their clips, and the IDs are given anew. Remove the filter "
            "and set it again over all columns, or sort the whole tab.",
        )


def _find_copies(rows: Sequence[AnnotationRow]) -> Iterator[Problem]:
    """Yield one problem for each row, for a copied tab one for all."""
    for tab, group in groupby(rows, key=attrgetter("tab")):
        copies = list(group)
        if len(copies) > MAX_ROWS_NAMED:
            text = f"{len(copies)} rows were copied together with the PokerVOD IDs of other rows."
            yield Problem(
                tab, f"{text} They are new rows with their own IDs. Name the tab in `skip_tabs` to leave it out."
            )
        else:
            text = (
                "The row was copied together with the PokerVOD ID of another row. It is now a new row with its own ID."
            )
            yield from (Problem(_place(row), text) for row in copies)


def _place(row: AnnotationRow) -> str:
    return f"{row.tab} row {row.row_number}"


def _name_cells(row: AnnotationRow) -> str:
    return f"Cells are not computed yet: {', '.join(row.uncomputed)}. Correct the formula if it stays so."
