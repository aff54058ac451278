"""Check that a sheet says the same in every country's notation."""

import pytest

from pokervod_pipelines.clips.timecode import parse_timecode
from pokervod_pipelines.sheets.google.client import GoogleClient
from pokervod_pipelines.sheets.google.workbook import ColumnValues
from pokervod_pipelines.sheets.managed_columns import make_guarded_formula
from pokervod_pipelines.sheets.reading import read_workbook
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.locales import LOCALES
from pokervod_pipelines_tests.google.model import Spreadsheet

ICONIK = ["id", "title", "time_start_S", "time_end_S", "time_start_ms", "time_end_ms", "Badbeat", "Bluff", "Cooler"]
ARCHIVE = ["File No.", "File Name", "In", "Out", "Stack"]


@pytest.fixture
def sheet(google: Emulator, account: dict[str, str]) -> Spreadsheet:
    """Return a sheet of two layouts, with cells that every country shows in its own way."""
    seconds, moments = (
        ["a1", "A", 12.5, 1234.25, None, None, True, False, True],
        [*"bB", None, None, 1_234_567, 1_250_000],
    )
    made = google.add_workbook({"Clips": [ICONIK, seconds, moments], "Archive": [ARCHIVE, ["1", "a.mp4"]]}, title="T")
    made.share(account["client_email"], "writer")
    for column in "EF":
        made.type_cell("Clips", 3, column, made.stored("Clips")[2]["ABCDEF".index(column)], number_format="#,##0")
    made.type_cell("Archive", 2, "E", 136_600.5, number_format="#,##0.0")
    return made


@pytest.mark.parametrize("country", sorted(LOCALES))
def test_rows_are_read_as_in_english(client: GoogleClient, sheet: Spreadsheet, country: str) -> None:
    sheet.locale = LOCALES[country]
    for column, time in zip("CD", (25_135, 25_195), strict=True):
        sheet.type_cell("Archive", 2, column, time / 86_400, number_format=sheet.locale.time)

    by_seconds, by_milliseconds, archived = read_workbook(client.open(sheet.id, "tracker")).rows

    assert (parse_timecode(by_seconds.time_in), parse_timecode(by_seconds.time_out)) == (12_500, 1_234_250)
    assert by_seconds.tags == (("poker_play", "Badbeat"), ("poker_play", "Cooler"))
    assert (by_milliseconds.time_in, by_milliseconds.time_out) == ("1234567", "1250000")
    assert (parse_timecode(archived.time_in), parse_timecode(archived.time_out)) == (25_135_000, 25_195_000)
    assert archived.extra == {"Stack": "136600.5"}


@pytest.mark.parametrize("country", sorted(LOCALES))
def test_a_status_is_shown_in_every_country(client: GoogleClient, sheet: Spreadsheet, country: str) -> None:
    sheet.locale = LOCALES[country]
    sheet.type_cell("Archive", 2, "F", "pv-abcdefghij")
    status = make_guarded_formula("kein Video, 1,5 TB; see B2", "pv-abcdefghij", key_column=5, row_number=2)

    (shown,) = client.open(sheet.id, "tracker").write_values([ColumnValues("Archive!G2", (status,))])

    assert shown.cells == ("kein Video, 1,5 TB; see B2",)
