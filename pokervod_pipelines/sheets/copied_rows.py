"""Find the rows that people copied together with the key in our own column, and copies of whole tabs.

The tab and the line where a row was before decide which of two equal rows is the original.
"""

from collections import defaultdict
from collections.abc import Sequence

from pokervod_pipelines.sheets.rows import AnnotationRow
from pokervod_pipelines.sheets.stored_rows import StoredRow

Positions = frozenset[int]


def find_copied_keys(
    old: Sequence[StoredRow], rows: Sequence[AnnotationRow], fingerprints: Sequence[str], in_copies: Positions
) -> Positions:
    """Return the positions of rows whose key belongs to another row of the same reading.

    In the tab where the key was, the row with its content keeps it, else the one on its line, else the upper one.
    ``in_copies`` are the positions of the rows in copied tabs.
    """
    known = {row.row_key: row for row in old}

    def rank(position: int) -> tuple[bool, bool, bool, bool, int]:
        row = rows[position]
        before = known.get(row.row_key, StoredRow(id=0, fingerprint=""))
        is_same_line = (row.tab, row.row_number) == (before.tab, before.row_number)
        is_same = fingerprints[position] == before.fingerprint
        return row.tab == before.tab, position not in in_copies, is_same, is_same_line, -position

    by_key: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        if row.row_key:
            by_key[row.row_key].append(position)
    repeated = (positions for positions in by_key.values() if len(positions) > 1)
    return frozenset(each for positions in repeated for each in {*positions} - {max(positions, key=rank)})


def find_copied_tabs(old: Sequence[StoredRow], rows: Sequence[AnnotationRow], fingerprints: Sequence[str]) -> Positions:
    """Return the positions of the rows in new tabs that mostly repeat rows of other tabs, as they are or were.

    Of two new tabs the one with the shorter title is the original: "Copy of Day 1" is named after "Day 1".
    """
    tabs: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        tabs[row.tab].append(position)
    known_tabs = {row.tab for row in old}
    if tabs.keys() <= known_tabs:
        return frozenset()
    seen, copied = {row.fingerprint for row in old if row.tab in tabs}, set[int]()
    for title in sorted(tabs, key=lambda title: (title not in known_tabs, len(title), title)):
        marks = [{fingerprints[each], rows[each].row_key} - {""} for each in tabs[title]]
        repeated = sum(not seen.isdisjoint(each) for each in marks)
        if title not in known_tabs and repeated * 2 > len(marks):
            copied.update(tabs[title])
        else:
            seen.update(*marks)
    return frozenset(copied)
