"""A workbook that others edit while we read and write it: what a service such as Google's lets us do with it.

A protocol only; who speaks to the service is ``google``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from pokervod_pipelines.sheets.google.layout import SpreadsheetLayout
from pokervod_pipelines.sheets.google.workbook import ColumnValues
from pokervod_pipelines.sheets.workbook import Workbook


@runtime_checkable
class SharedWorkbook(Workbook, Protocol):
    """A workbook at a service. Each method raises ``Unavailable`` when the service does not answer."""

    @property
    def calls(self) -> Mapping[str, int]:
        """How many calls were made, by kind, those that failed included."""

    def layout(self) -> SpreadsheetLayout:
        """Return the tabs and named ranges, of the same moment as ``tabs()``."""

    def read_columns(self, ranges: Sequence[str]) -> list[tuple[str, ...]]:
        """Return what the columns show, in the order asked for, by one call."""

    def write_values(self, ranges: Sequence[ColumnValues]) -> list[ColumnValues]:
        """Write the cells, all or none, by one call; return what the columns show after it, in the same order.

        Raises ``Conflict`` when a range is not there any more.
        """

    def change(self, requests: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Change the spreadsheet itself, all or nothing; never repeated where it is unclear whether it was done."""
