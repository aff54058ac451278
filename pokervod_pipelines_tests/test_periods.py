"""Read the times that people write, in the configured zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines import periods
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.periods import ALWAYS, Period, filter_period, read_coming, read_period

SEOUL = ZoneInfo("Asia/Seoul")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 0, 15, tzinfo=UTC)  # 09:15 in Seoul


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return NOW.astimezone(tz)  # type: ignore[arg-type]

    monkeypatch.setattr(periods, "datetime", Clock)


def show(moment: datetime | None) -> str:
    return f"{moment.astimezone(SEOUL):%Y-%m-%d %H:%M:%S}" if moment else ""


@pytest.mark.parametrize(
    ("written", "since", "until"),
    [
        ("2h", "2026-11-30 07:15:00", "2026-11-30 07:15:00"),
        ("30 m", "2026-11-30 08:45:00", "2026-11-30 08:45:00"),
        ("3D", "2026-11-27 09:15:00", "2026-11-27 09:15:00"),
        ("1w", "2026-11-23 09:15:00", "2026-11-23 09:15:00"),
        ("today", "2026-11-30 00:00:00", "2026-12-01 00:00:00"),
        ("Yesterday", "2026-11-29 00:00:00", "2026-11-30 00:00:00"),
        ("2026-11-28", "2026-11-28 00:00:00", "2026-11-29 00:00:00"),
        ("20261128", "2026-11-28 00:00:00", "2026-11-29 00:00:00"),
        ("2026-W48-6", "2026-11-28 00:00:00", "2026-11-29 00:00:00"),
        ("8:30", "2026-11-30 08:30:00", "2026-11-30 08:30:00"),
        ("10:00", "2026-11-29 10:00:00", "2026-11-29 10:00:00"),  # the last ten o'clock
        ("10:00:30", "2026-11-29 10:00:30", "2026-11-29 10:00:30"),
        ("2026-11-28 10:00", "2026-11-28 10:00:00", "2026-11-28 10:00:00"),
        ("2026-11-28T01:00Z", "2026-11-28 10:00:00", "2026-11-28 10:00:00"),
    ],
)
def test_a_time_is_read_as_people_mean_it(written: str, since: str, until: str) -> None:
    assert show(read_period(written, "", SEOUL).since) == since
    assert show(read_period("", written, SEOUL).until) == until


@pytest.mark.parametrize(
    "written", ["2x", "25:00", "2026-02-30", "tomorrow", "-2h", "999999w", "10", "어제", "9999-12-31 23:59-14:00"]
)
def test_another_text_is_refused_with_the_forms(written: str) -> None:
    with pytest.raises(BadInput, match="--since: expected a time such as 2h, 30m"):
        read_period(written, "", SEOUL)


def test_nothing_is_no_limit_and_an_end_before_the_beginning_is_refused() -> None:
    assert read_period("", "", SEOUL) == ALWAYS
    with pytest.raises(BadInput, match="must be before"):
        read_period("today", "yesterday", SEOUL)


def test_a_day_of_25_hours_ends_at_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    day = read_period("2026-10-25", "2026-10-25", BERLIN)

    assert (day.until.astimezone(UTC) - day.since.astimezone(UTC)).total_seconds() == 25 * 3_600


def test_the_same_day_in_two_forms_is_one_day() -> None:
    assert read_period("2026-05-04", "20260504", SEOUL) == read_period("20260504", "2026-05-04", SEOUL)


@pytest.mark.parametrize(
    ("now", "written", "expected"),
    [
        (
            datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
            "2h",
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),  # back at 1:00
        (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), "30m", datetime(2026, 10, 25, 0, 45, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), "90m", datetime(2026, 10, 24, 23, 45, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 15, tzinfo=UTC), "30m", datetime(2026, 10, 24, 23, 45, tzinfo=UTC)),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "1h", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),  # forward at 1:00
        (datetime(2026, 3, 29, 3, 0, tzinfo=UTC), "2h", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), "1d", datetime(2026, 3, 28, 12, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 12, 0, tzinfo=UTC), "1w", datetime(2026, 10, 18, 12, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), "2:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 45, tzinfo=UTC), "2:30", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 26, 1, 0, tzinfo=UTC), "2:30", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 12, 0, tzinfo=UTC), "today", datetime(2026, 10, 24, 22, 0, tzinfo=UTC)),
        (datetime(2026, 3, 30, 12, 0, tzinfo=UTC), "yesterday", datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_right_on_the_day_on_which_clocks_change(
    monkeypatch: pytest.MonkeyPatch, now: datetime, written: str, expected: datetime
) -> None:
    """Two hours ago was three or one, by the clock on the wall."""
    monkeypatch.setattr("pokervod_pipelines_tests.test_periods.NOW", now)

    assert read_period(written, "", BERLIN).since.astimezone(UTC) == expected


@pytest.mark.parametrize("period", [ALWAYS, Period(NOW), Period(None, NOW), Period(NOW, NOW.replace(hour=1))])
def test_the_database_filters_as_python_does(engine: Engine, period: Period) -> None:
    moments = [NOW.replace(hour=hour, minute=minute) for hour in (0, 1, 2) for minute in (0, 15, 30)]
    query = text(f"select m from unnest(cast(:moments as timestamptz[])) m where {filter_period('m')}")
    with engine.connect() as connection:
        rows = connection.execute(query, {"moments": moments, "since": period.since, "until": period.until})
        assert [row.m for row in rows] == [moment for moment in moments if period.contains(moment)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2h", "2026-11-30 11:15:00"),
        ("3d", "2026-12-03 09:15:00"),
        ("18:00", "2026-11-30 18:00:00"),
        ("9:15", "2026-12-01 09:15:00"),  # now has passed
        ("8:00", "2026-12-01 08:00:00"),
        ("tomorrow", "2026-12-01 00:00:00"),
        ("2026-12-24", "2026-12-24 00:00:00"),
        ("2026-12-24 10:00", "2026-12-24 10:00:00"),
    ],
)
def test_a_time_to_come_is_the_next_one(written: str, expected: str) -> None:
    assert show(read_coming("--until", written, SEOUL)) == expected


@pytest.mark.parametrize("written", ["today", "yesterday", "2026-11-29", "2026-11-30 09:00", "soon", ""])
def test_a_time_that_has_passed_does_not_come(written: str) -> None:
    with pytest.raises(BadInput, match="expected a time to come such as 2h"):
        read_coming("--until", written, SEOUL)
