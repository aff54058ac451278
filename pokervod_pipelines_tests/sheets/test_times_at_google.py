"""Check that the clip of a row is the same in whatever format Google shows its times."""

from collections.abc import Callable

from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import make_line

SERIAL = 25_135 / 86_400
SHOWN = [
    (SERIAL, "h:mm:ss am/pm", "6:58:55 AM"),
    (SERIAL, "[h]:mm:ss", "6:58:55"),
    (SERIAL, "yyyy-mm-dd h:mm:ss", "1899-12-30 6:58:55"),
    (1 + SERIAL, "yyyy-mm-dd h:mm:ss", "1899-12-31 6:58:55"),
    (25_135_000, "#,##0", "25,135,000"),
    ("오전 6:58:55", None, "오전 6:58:55"),
    ("06:58:55:00", None, "06:58:55:00"),
    ("\uff10\uff16：58：55\u200b", None, "\uff10\uff16：58：55\u200b"),
]


def test_a_time_is_read_in_every_format(make_google_harness: Callable[..., GoogleSheetHarness]) -> None:
    harness = make_google_harness(*(make_line(1, Out="6:59:30") for _ in SHOWN))
    harness.add_files("show 1.mp4")
    for row, (value, number_format, _) in enumerate(SHOWN, start=2):
        harness.book.type_cell(TAB, row, "D", value, number_format=number_format)
    harness.sync_until_stable()

    assert [row["In"] for row in harness.shown()] == [shown for *_, shown in SHOWN]
    assert harness.execute("select distinct in_ms, problem from hand_clips") == [(25_135_000, None)]
