"""Check the law of rollups: the sum of minutes is the hour, the day, and the figure of any window."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.monitoring.measures.counted import ENDED, REQUESTED, estimate_percentile
from pokervod_pipelines.monitoring.measures.renders import measure_renders, read_queue_series
from pokervod_pipelines.monitoring.measures.rollup import AGAIN, Counted, read_counted, roll_up
from pokervod_pipelines.monitoring.measures.shape import Group, Window, make_window
from pokervod_pipelines.monitoring.measures.windows import KEPT, Calendar, Resolution, make_calendar, split_window
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue
from pokervod_pipelines_tests.sizes import choose

NOW = datetime(2026, 3, 31, 12, 0, 30, tzinfo=UTC)
ZONE = {"time_zone": "Europe/London"}
"""Its clocks were put forward two days before."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Graphic:
    """Hold when a graphic ended, how long before now and after its request."""

    minutes: float
    seconds: int
    end: str
    template: str


GRAPHICS = st.lists(
    st.builds(
        Graphic,
        minutes=st.one_of(st.floats(0.1, 200), st.floats(0.1, 6 * 1440), st.floats(0.1, 100 * 1440)),
        seconds=st.integers(1, 100_000),
        end=st.sampled_from(["completed", "failed", "timed_out", "cancelled"]),
        template=st.sampled_from(["payouts", "elimination"]),
    ),
    max_size=12,
)
LENGTHS = st.one_of(st.floats(0.2, 200), st.floats(60, 5_000), st.floats(60, 120 * 1440))

ROLLS = st.lists(st.floats(0, 5 * 1440), max_size=3)


def add(queue: MeasuredQueue, graphic: Graphic) -> None:
    requested_at = NOW - timedelta(minutes=graphic.minutes, seconds=graphic.seconds)
    queue.add(requested_at, graphic.seconds, graphic.end, template=graphic.template)


def add_up(counted: list[Counted]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for each in counted:
        sums.update(each.sums)
    return sums


def count_plainly(graphics: list[Graphic], window: Window) -> Counter[str]:
    """Count in Python what ended in the window."""
    found: Counter[str] = Counter()
    for each in graphics:
        if window.since <= NOW - timedelta(minutes=each.minutes) < window.until:
            found[each.end] += 1
            found["ms"] += each.seconds * 1000 if each.end == "completed" else 0
    return +found


def read(engine: Engine, calendar: Calendar, window: Window, now: datetime = NOW) -> Counter[str]:
    with engine.connect() as connection:
        counted = read_counted(connection, [ENDED], window, calendar, now, step_key="completed")
    sums = counted.sums[""]
    assert sum(counted.steps[""].values()) == sums.get("completed", 0)
    return Counter({key: sums[key] for key in ("completed", "failed", "timed_out", "cancelled", "ms") if key in sums})


def list_stored(engine: Engine, resolution: str) -> list[Counted]:
    with engine.connect() as connection:
        return [Counted(*row) for row in connection.execute(_STORED, {"resolution": resolution})]


_STORED = text("""
    select at, labels, sums from measure_rollups
    where measure = 'ended' and resolution = :resolution and labels ?& array['renderer', 'template']
""")


@settings(max_examples=choose(20, long=200))
@given(
    before=GRAPHICS,
    after=GRAPHICS,
    rolled=ROLLS,
    length=LENGTHS,
    end=LENGTHS,
    starts=st.sampled_from(["05:30", "06:00"]),
)
def test_any_window_has_the_figures_of_its_rows(
    engine: Engine,
    settings_factory: Callable[..., Settings],
    before: list[Graphic],
    after: list[Graphic],
    rolled: list[float],
    length: float,
    end: float,
    starts: str,
) -> None:
    """Rolls may stop for days; what ended since the last one, or late by less than it counts again, is there, too."""
    queue, made = MeasuredQueue(engine=engine), settings_factory(**ZONE, hands={"day_starts_at": starts})
    queue.empty()
    for each in before:
        add(queue, each)
    for minutes in sorted(rolled, reverse=True):
        roll_up(engine, made, now=NOW - timedelta(minutes=minutes))
    latest = min(rolled, default=0)
    late = [each for each in after if each.minutes < latest + AGAIN / MINUTE - 2 or not rolled]
    for each in late:
        add(queue, each)
    calendar = make_calendar(made)
    window = make_window(timedelta(minutes=length), NOW - timedelta(minutes=min(end, 1440)))

    unrolled = read(engine, calendar, window)
    roll_up(engine, made, now=NOW)

    assert unrolled == read(engine, calendar, window) == count_plainly(before + late, window)


@settings(max_examples=choose(10, long=100))
@given(graphics=GRAPHICS)
def test_the_minutes_of_an_hour_and_of_a_day_add_up_to_it(
    engine: Engine, settings_factory: Callable[..., Settings], graphics: list[Graphic]
) -> None:
    queue, made = MeasuredQueue(engine=engine), settings_factory(**ZONE)
    queue.empty()
    for each in graphics:
        add(queue, each)
    roll_up(engine, made, now=NOW)
    calendar = make_calendar(made)

    minutes, hours, days = (list_stored(engine, each) for each in ("minute", "hour", "day"))

    for finer, resolution in ((minutes, Resolution.MINUTE), (hours, Resolution.HOUR)):
        oldest = calendar.floor(NOW - KEPT[resolution], Resolution.DAY)
        for coarser, unit in ((hours, Resolution.HOUR), (days, Resolution.DAY)):
            for step in [each for each in coarser if each.at >= oldest]:
                parts = [
                    each for each in finer if each.labels == step.labels and calendar.floor(each.at, unit) == step.at
                ]
                assert add_up(parts) == step.sums
    window = Window(since=NOW - timedelta(days=200), until=calendar.floor(NOW, Resolution.MINUTE))
    assert add_up(days)["completed"] == count_plainly(graphics, window)["completed"]


def test_the_figures_of_each_renderer_and_template_add_up_to_those_of_all(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    queue, made = MeasuredQueue(engine=engine), settings_factory()
    for minutes, template in ((5, "payouts"), (9, "elimination"), (3000, "payouts"), (90 * 1440, "payouts")):
        add(queue, Graphic(minutes, 60, "completed", template))
    roll_up(engine, made, now=NOW)
    window = make_window(timedelta(days=120), NOW)
    groupings: tuple[Group | None, ...] = (None, "renderer", "template")
    with engine.connect() as connection:
        found = [
            read_counted(connection, [ENDED], window, make_calendar(made), NOW, by=by, step_key="completed")
            for by in groupings
        ]

    assert found[2].sums["payouts"]["completed"] == 3
    for each in found:
        assert sum(sums["completed"] for sums in each.sums.values()) == 4
        assert sum(count for steps in each.steps.values() for count in steps.values()) == 4


def test_a_second_roll_changes_nothing_and_a_late_event_is_in_its_minute(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    queue, made = MeasuredQueue(engine=engine), settings_factory()
    add(queue, Graphic(5, 60, "completed", "payouts"))
    first, second = roll_up(engine, made, now=NOW), roll_up(engine, made, now=NOW)
    add(queue, Graphic(5, 60, "completed", "payouts"))
    late = roll_up(engine, made, now=NOW + MINUTE)

    assert first > 0
    assert second == 0
    assert late > 0
    assert [each.sums["completed"] for each in list_stored(engine, "minute")] == [2]


HALF_PAST = [
    ({"hands": {"day_starts_at": "05:30"}}, datetime(2026, 3, 29, 5, 30, tzinfo=UTC)),
    ({"time_zone": "Asia/Kolkata"}, datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
]
"""Settings whose days begin within an hour of UTC, and the oldest minute that is kept."""


@pytest.mark.parametrize(("changed", "oldest"), HALF_PAST)
@pytest.mark.parametrize("rolled", [None, 5 * MINUTE])
def test_the_hour_of_which_half_the_minutes_are_kept_is_whole(
    engine: Engine,
    settings_factory: Callable[..., Settings],
    changed: dict[str, object],
    oldest: datetime,
    rolled: timedelta | None,
) -> None:
    """Also where the last roll ended in that hour."""
    queue, made = MeasuredQueue(engine=engine), settings_factory(**changed)
    calendar, window = make_calendar(made), make_window(timedelta(hours=70), NOW)
    queue.add(oldest - 20 * MINUTE, 60, "completed")
    if rolled is not None:
        roll_up(engine, made, now=oldest + rolled)
    queue.add(oldest + 15 * MINUTE, 60, "completed")

    before = read(engine, calendar, window)["completed"]
    for _ in range(2):
        roll_up(engine, made, now=NOW)

    assert before == read(engine, calendar, window)["completed"] == 2


def test_minutes_and_hours_end_and_days_stay(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    queue, made = MeasuredQueue(engine=engine), settings_factory()
    add(queue, Graphic(5, 60, "completed", "payouts"))
    ages = (0, 1, 3, 99, 102)
    counts = []
    for days in ages:
        roll_up(engine, made, now=NOW + timedelta(days=days))
        counts.append([len(list_stored(engine, each)) for each in ("minute", "hour", "day")])

    assert counts == [[1, 1, 1], [1, 1, 1], [0, 1, 1], [0, 1, 1], [0, 0, 1]]


def test_the_depth_of_the_queue_is_looked_at_once_a_minute(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    queue, made = MeasuredQueue(engine=engine), settings_factory()
    for minute in range(3):
        queue.add(NOW)
        for _ in range(2):
            roll_up(engine, made, now=NOW + minute * MINUTE)
    window = make_window(timedelta(minutes=10), NOW + 5 * MINUTE)
    with engine.connect() as connection:
        series = read_queue_series(connection, made, window, now=NOW + 5 * MINUTE)

    assert [each.value for each in series["pending"]] == [1, 2, 3]
    assert [each.value for each in series["processing"]] == [0, 0, 0]


def test_of_many_latencies_the_percentiles_are_estimated_within_five_percent(
    engine: Engine, settings_factory: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, made = MeasuredQueue(engine=engine), settings_factory()
    for seconds in range(1, 200):
        add(queue, Graphic(5, seconds, "completed", "payouts"))
    window = make_window(timedelta(hours=1), NOW)
    with engine.connect() as connection:
        exact = measure_renders(connection, made, window, now=NOW).latency
        monkeypatch.setattr("pokervod_pipelines.monitoring.measures.renders.MOST_EXACT", 10)
        estimated = measure_renders(connection, made, window, now=NOW).latency

    assert (exact.p50, exact.is_estimated, estimated.is_estimated) == (100, False, True)
    assert estimated.p50 == pytest.approx(exact.p50, rel=0.05)
    assert estimated.p95 == pytest.approx(exact.p95, rel=0.05)
    assert estimated.average == exact.average == 100


def test_no_latency_has_no_percentile() -> None:
    assert estimate_percentile({"completed": 0, "cancelled": 3}, 0.5) is None


@given(
    length=LENGTHS,
    end=st.floats(0, 100 * 1440),
    rolled=st.none() | st.floats(0, 100 * 1440),
    starts=st.sampled_from([time(0), time(1, 30), time(6), time(23, 59)]),
)
def test_the_pieces_of_a_window_are_the_window(length: float, end: float, rolled: float | None, starts: time) -> None:
    calendar = Calendar(BroadcastDays(ZoneInfo("Europe/London"), starts))
    window = make_window(timedelta(minutes=length), NOW - timedelta(minutes=end))
    mark = None if rolled is None else NOW - timedelta(minutes=rolled)
    pieces = split_window(window, mark, calendar, NOW)

    assert [each.since for each in pieces] == [window.since, *(each.until for each in pieces[:-1])]
    assert pieces[-1].until == window.until
    for each in pieces:
        if each.resolution is not None:
            assert mark is not None
            assert each.until <= mark
            assert each.since == calendar.floor(each.since, each.resolution)
            assert each.until == calendar.floor(each.until, each.resolution)
            assert each.since >= NOW - KEPT.get(each.resolution, NOW - window.since)


@given(minutes=st.integers(0, 1440 * 400), starts=st.sampled_from([time(0), time(1, 30), time(6)]))
def test_days_follow_each_other_also_where_clocks_change(minutes: int, starts: time) -> None:
    calendar = Calendar(BroadcastDays(ZoneInfo("Europe/London"), starts))
    at = NOW - timedelta(minutes=minutes)
    start = calendar.floor(at, Resolution.DAY)

    assert start <= at < calendar.follow(start, Resolution.DAY)
    assert timedelta(hours=23) <= calendar.follow(start, Resolution.DAY) - start <= timedelta(hours=25)
    assert calendar.floor(start, Resolution.DAY) == start == calendar.ceil(start, Resolution.DAY)


def test_what_is_requested_is_counted_too(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    queue, made = MeasuredQueue(engine=engine), settings_factory()
    queue.add(NOW - 30 * MINUTE)
    roll_up(engine, made, now=NOW)
    with engine.connect() as connection:
        window = make_window(timedelta(hours=1), NOW)
        found = read_counted(connection, [REQUESTED], window, make_calendar(made), NOW, by="template")

    assert [*found.sums.values()] == [{"requested": 1}]


def test_counts_of_before_are_grouped_by_the_migration(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    queue, made = MeasuredQueue(engine=engine), settings_factory()
    for minutes, template in ((5, "payouts"), (9, "elimination"), (3000, "payouts")):
        add(queue, Graphic(minutes, 60, "completed", template))
    roll_up(engine, made, now=NOW)
    step = import_module("pokervod_pipelines.db.migrations.versions.0027_measure_groupings")
    every = text("select * from measure_rollups order by measure, resolution, at, labels")
    with engine.begin() as connection:
        counted = connection.execute(every).all()
        for statement in step.DOWNGRADE:
            connection.execute(text(statement))
        ungrouped = connection.execute(every).all()
        for statement in step.UPGRADE:
            connection.execute(text(statement))

        assert len(ungrouped) < len(counted)
        assert connection.execute(every).all() == counted
