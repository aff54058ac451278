"""Check ten minutes of failures in emulated time: no quota is exceeded, and only whole sheets are read."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.policies.breakers import find_lasting
from pokervod_pipelines.sheets.google.client import GoogleClient
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.faults import random_storm
from pokervod_pipelines_tests.google.model import Spreadsheet

QUOTA = 20
METRICS = {"spreadsheets.get": "read", "values.batchGet": "read", "drive.list": "drive", "drive.get": "drive"}


def passes_until(client: GoogleClient, sheet: Spreadsheet, end: Callable[[], bool]) -> Counter[str]:
    """Read the sheet again and again until the end, without a pause; count the results."""
    outcomes: Counter[str] = Counter()
    while not end():
        outcomes[read_once(client, sheet)] += 1
    return outcomes


def read_once(client: GoogleClient, sheet: Spreadsheet) -> str:
    try:
        client.read_versions([sheet.id])
        (tab,) = client.open(sheet.id, "tracker").tabs()
    except Unavailable as error:
        return str(error)
    assert [list(row) for row in tab.cells] == sheet.shown("Hands")
    return "read"


def busiest_minute(google: Emulator, metric: str) -> int:
    """Return the maximum number of calls in any minute, wherever it begins."""
    times = sorted(call.at for call in google.calls if METRICS.get(call.kind) == metric)
    return max(count_from(times, start) for start in times)


def count_from(times: list[datetime], start: datetime) -> int:
    return sum(start <= at < start + timedelta(minutes=1) for at in times)


@pytest.mark.parametrize("clients", [1, 2])
def test_ten_minutes_of_storm_exceed_no_quota(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet, clients: int
) -> None:
    google.fault_source = random_storm(seed=4, share=0.25, spared=())
    end = google.clock.now() + timedelta(minutes=10)
    readers = [make_client(calls_per_minute=QUOTA, attempts=8) for _ in range(clients)]

    outcomes: Counter[str] = Counter()
    while google.clock.now() < end:
        for reader in readers:
            outcomes[read_once(reader, sheet)] += 1

    assert outcomes["read"] > 5
    assert len(outcomes) <= 3, "an alert for each text"
    assert max(busiest_minute(google, metric) for metric in ("read", "drive")) <= QUOTA


def test_without_faults_no_call_is_refused(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet
) -> None:
    google.quota.reads_per_minute = google.quota.drive_per_minute = QUOTA
    end = google.clock.now() + timedelta(minutes=10)

    outcomes = passes_until(make_client(calls_per_minute=QUOTA), sheet, lambda: google.clock.now() >= end)

    assert set(outcomes) == {"read"}
    assert {call.status for call in google.calls} == {200}
    # A pass takes two reads of the 12 that come back each minute.
    assert sum(outcomes.values()) >= 60


def test_the_client_waits_a_minute_when_others_use_up_the_quota(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet
) -> None:
    google.quota.reads_per_minute = 3
    end = google.clock.now() + timedelta(minutes=10)

    outcomes = passes_until(make_client(), sheet, lambda: google.clock.now() >= end)

    assert set(outcomes) == {"read"}
    refused = sum(call.status == 429 for call in google.calls)
    assert refused <= 10


def test_an_endless_storm_is_one_failure(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet
) -> None:
    client = make_client(attempts=3)
    client.read_versions([sheet.id])
    google.fault_source = random_storm(seed=1, share=1.0)
    end = google.clock.now() + timedelta(minutes=10)

    texts = set()
    while google.clock.now() < end:
        with pytest.raises(Unavailable) as raised:
            client.open(sheet.id, "tracker").tabs()
        texts.add(find_lasting(raised.value))
        google.clock.sleep(5)

    assert len(texts) == 1
