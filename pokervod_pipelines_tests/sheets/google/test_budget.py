"""Check that no minute sees more calls than the quota, and that all processes share one bucket."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from pokervod_pipelines.settings.rooms import GoogleSettings
from pokervod_pipelines.sheets.google.budget import Bucket, CallRate, block_calls, find_rate, take_call, take_reading
from pokervod_pipelines.sheets.google.calls import QuotaGroup
from pokervod_pipelines.sheets.google.client import GoogleClient
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sizes import choose

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RATE = CallRate(burst=4, per_minute=6)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("calls", "seconds", "wait", "left"),
    [
        (4, 0, 0, 3),  # full
        (1, 0, 0, 0),  # the last one
        (0, 0, 10, 0),  # empty: one call comes back every ten seconds
        (0.5, 0, 5, 0.5),
        (0, 10, 0, 0),  # just refilled
        (0, 9, 1, 0.9),
        (0, 3600, 0, 3),  # never more than full
        (2, -50, 0, 1),  # the clock was put back
    ],
)
def test_a_bucket_gives_calls_while_it_has_any(calls: float, seconds: float, wait: float, left: float) -> None:
    bucket, asked = Bucket(calls=calls, refilled_at=NOON).take(RATE, after(seconds))

    assert asked == pytest.approx(wait)
    assert bucket.calls == pytest.approx(left)
    assert bucket.refilled_at >= NOON


def test_a_closed_bucket_gives_nothing_until_it_opens() -> None:
    closed = Bucket(calls=4, refilled_at=NOON).close(60, NOON)

    assert closed.take(RATE, after(45))[1] == 15
    assert closed.take(RATE, after(60))[1] == 0


def test_closing_for_less_does_not_open_earlier() -> None:
    assert Bucket(calls=4, refilled_at=NOON).close(60, NOON).close(5, after(1)).closed_until == after(60)


@given(st.integers(4, 10_000))
def test_a_burst_and_a_minutes_refill_are_the_quota(quota: int) -> None:
    rate = CallRate.within(quota)

    assert rate.burst >= 1
    assert rate.per_minute > 0
    assert rate.burst + rate.per_minute == quota


@given(
    quota=st.integers(4, 60),
    pauses=st.lists(st.one_of(st.just(0.0), st.floats(0, 90)), max_size=120),
    offset=st.floats(0, 59),
)
def test_no_window_of_a_minute_sees_more_than_the_quota(quota: int, pauses: list[float], offset: float) -> None:
    rate, now, made = CallRate.within(quota), offset, list[float]()
    bucket = Bucket(calls=rate.burst, refilled_at=after(now))

    for pause in pauses:
        now += pause
        while True:
            bucket, wait = bucket.take(rate, after(now))
            if not wait:
                break
            now += wait
        made.append(now)

    assert all(sum(start <= at < start + 60 for at in made) <= quota for start in made)


def test_a_call_after_the_wait_is_allowed(engine: Engine) -> None:
    rate = CallRate(burst=1, per_minute=6)

    assert take_call(engine, "drive", rate, now=NOON) == 0
    wait = take_call(engine, "drive", rate, now=NOON)
    assert wait == pytest.approx(10)
    assert take_call(engine, "drive", rate, now=after(wait)) == 0


def test_services_have_budgets_of_their_own(engine: Engine) -> None:
    rate = CallRate(burst=1, per_minute=6)

    assert [take_call(engine, service, rate, now=NOON) for service in ("sheets.read", "sheets.write", "drive")] == [
        0,
        0,
        0,
    ]


def test_a_blocked_service_is_blocked_for_all_processes(engine: Engine) -> None:
    block_calls(engine, "drive", RATE, 30, now=NOON)

    assert take_call(engine, "drive", RATE, now=after(10)) == 20
    assert take_call(engine, "sheets.read", RATE, now=after(10)) == 0


def test_twenty_simultaneous_callers_share_the_budget(engine: Engine) -> None:
    rate = CallRate(burst=7, per_minute=0.001)

    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda _: take_call(engine, "drive", rate), range(20)))

    assert sum(not wait for wait in waits) == 7


def test_the_databases_clock_counts_where_none_is_given(engine: Engine) -> None:
    block_calls(engine, "drive", RATE, 1000)

    assert 900 < take_call(engine, "drive", RATE) <= 1000


def test_the_calls_to_drive_use_nothing_of_the_calls_to_sheets(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet
) -> None:
    client, start = make_client(calls_per_minute=4), google.clock.now()
    for _ in range(100):
        client.read_versions([sheet.id])
    client.open(sheet.id, "tracker").layout()

    assert (google.count("drive.list"), google.clock.now()) == (100, start)


@pytest.mark.parametrize(("calls", "drive"), [(4, 4), (50, 300), (60, 12_000)])
def test_each_service_has_its_rate(calls: int, drive: int) -> None:
    options = GoogleSettings(calls_per_minute=calls, drive_calls_per_minute=drive)

    assert find_rate(options, QuotaGroup.DRIVE) == CallRate.within(drive)
    assert find_rate(options, QuotaGroup.READ) == find_rate(options, QuotaGroup.WRITE) == CallRate.within(calls)


SHARES = [(50, 0.2), (4, 0.2), (50, 0.0), (50, 0.8), (60, 0.5), (300, 0.1)]


@pytest.mark.parametrize(("calls", "share"), choose(SHARES[:1], long=SHARES))
def test_rotation_takes_its_share_of_ten_minutes(engine: Engine, calls: int, share: float) -> None:
    options = GoogleSettings(calls_per_minute=calls, rotation_share=share)
    taken = sum(take_reading(engine, options, now=after(second)) for second in range(600))

    assert 0.8 * calls * share * 10 <= taken * 3 <= calls * share * 10 + (3 if share else 0)


def test_rotation_leaves_the_last_calls_and_never_waits(engine: Engine) -> None:
    options = GoogleSettings(calls_per_minute=50)
    rate = find_rate(options, QuotaGroup.READ)
    for _ in range(rate.burst - 2):
        take_call(engine, QuotaGroup.READ, rate, now=NOON)
    few = take_reading(engine, options, now=NOON)
    block_calls(engine, QuotaGroup.READ, rate, 60, now=NOON)
    closed = take_reading(engine, options, now=after(59))

    assert (few, closed, take_reading(engine, options, now=after(61))) == (False, False, True)
