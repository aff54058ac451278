"""Give the tests of the calls a spreadsheet that they may write."""

from collections.abc import Iterator

import pytest

from pokervod_pipelines_tests.google.api_harness import ROWS, ApiHarness
from pokervod_pipelines_tests.google.client import connect
from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.quota import Quota


@pytest.fixture
def api() -> Iterator[ApiHarness]:
    """Yield a shared spreadsheet and its client."""
    with Emulator.start(clock=VirtualClock(), quota=Quota(1000, 1000)) as google:
        sheet = google.add_workbook({"Hands": ROWS, "It's 2": [["x"]]}, title="Tracker")
        sheet.type_cell("Hands", 2, "B", 1200, number_format="#,##0")
        sheet.type_cell("Hands", 4, "B", 0.5, number_format="[h]:mm:ss")
        account = google.make_service_account()
        sheet.share(account["client_email"], "writer")
        with connect(google, account) as client:
            yield ApiHarness(google, sheet, client)
