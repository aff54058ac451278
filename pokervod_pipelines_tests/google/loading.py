"""Make a spreadsheet from a workbook file, as an import into Sheets would."""

from pathlib import Path

from openpyxl import load_workbook

from pokervod_pipelines_tests.google.cells import make_cell
from pokervod_pipelines_tests.google.clock import Clock
from pokervod_pipelines_tests.google.model import Spreadsheet


def read_workbook(path: Path, clock: Clock | None = None) -> Spreadsheet:
    """Return the workbook's tabs with values, formulas and number formats, named after the file."""
    sheet = Spreadsheet(path.stem, clock=clock)
    book = load_workbook(path)
    for tab in book.worksheets:
        grid = sheet.add_tab(tab.title)
        grid.rows, grid.columns = max(tab.max_row + 50, 100), tab.max_column + 6
        for line in tab.iter_rows():
            for cell in line:
                if cell.value is not None:
                    number_format = "" if cell.number_format == "General" else cell.number_format
                    grid.put(cell.row - 1, cell.column - 1, make_cell(cell.value, number_format))
    book.close()
    return sheet
