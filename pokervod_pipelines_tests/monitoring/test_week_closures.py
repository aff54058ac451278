"""Check that a week is frozen and reported once, and that what changes it later is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.weeks.closures import close_week
from pokervod_pipelines.monitoring.weeks.shape import Week
from pokervod_pipelines.monitoring.weeks.validation import check_stage
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.monitoring.week_data import ARCHIVE, WeekData, at

MONDAY, WEEK = date(2026, 11, 23), "2026-W48"
CHANNELS = [{"name": "all", "min_severity": "info"}, {"name": "some"}]


@pytest.fixture
def data(engine: Engine, settings_factory: Callable[..., Settings]) -> WeekData:
    made = WeekData(engine=engine, settings=settings_factory(**ARCHIVE, alerts={"channels": CHANNELS}))
    made.put_week(MONDAY)
    return made


def close(data: WeekData, week: str = WEEK) -> bool:
    actor = Actor(who="ana", reason="it is over", correlation_id="c1")
    with data.engine.begin() as connection:
        return close_week(connection, data.settings, Week.parse(week), actor=actor, now=data.now)


def list_alerts(data: WeekData) -> list[tuple[str, str, str, str]]:
    rows = data.execute("select key, severity, title, kind from alerts order by id")
    return [tuple(row) for row in rows]


def list_deliveries(data: WeekData) -> list[str]:
    return [row[0] for row in data.execute("select channel from alert_deliveries order by 1")]


def test_closing_freezes_the_figures_and_sends_the_grid_once(data: WeekData) -> None:
    assert close(data)
    frozen = data.execute("select * from week_closures order by stage")

    assert not close(data)

    assert data.execute("select * from week_closures order by stage") == frozen
    assert {(row.week, row.correlation_id, row.closed_at) for row in frozen} == {(WEEK, "c1", data.now)}
    assert len(frozen) == 8
    events = data.execute("select payload from events where type = 'monitoring.week.closed'")
    assert [tuple(row) for row in events] == [({"week": WEEK, "by": "ana", "reason": "it is over"},)]
    title = "Week 2026-W48 closed: 8 complete, of 8 stages"
    assert list_alerts(data) == [("week 2026-W48", "info", title, "message")]
    assert list_deliveries(data) == ["all"]
    ((body,),) = data.execute("select body from alerts")
    assert "- ✓ hands: all 5 days\n" in body
    assert "`pokervod weeks --week 2026-W48`" in body


def test_the_report_of_a_week_with_cases_is_a_warning_that_reaches_every_channel(data: WeekData) -> None:
    data.put_row(at(MONDAY, 9), None)
    data.put_slot(date(2026, 11, 29))

    close(data)

    assert list_alerts(data) == [
        ("week 2026-W48", "warning", "Week 2026-W48 closed: 6 complete, 2 incomplete, of 8 stages", "message")
    ]
    assert list_deliveries(data) == ["all", "some"]
    ((body,),) = data.execute("select body from alerts")
    assert "- ✗ rows: notes: 1 of 6 rows without video; all 5 videos\n" in body


def test_a_week_of_nothing_is_closed_as_one_of_which_nobody_knows(data: WeekData) -> None:
    close(data, "2026-W40")

    assert list_alerts(data)[0][2] == "Week 2026-W40 closed: 8 with nothing to look at, of 8 stages"


def test_what_changes_later_is_told_and_the_frozen_figures_stay(data: WeekData) -> None:
    close(data)
    assert {each.change for each in data.validate(WEEK).stages} == {""}
    data.execute("delete from render_instructions")
    data.execute("delete from hands where broadcast_day = :day", day=MONDAY)

    found = data.find(WEEK, "hands_whole")

    assert found.change == "closed 5 of 5, now 4 of 5"
    assert found.closed
    assert found.closed.sentence == "all 5 days"
    assert "1 of 5 days" in (summary := check_stage(Week.parse(WEEK), found).summary)
    assert summary.endswith(" (closed 5 of 5, now 4 of 5).")


def test_one_mended_and_another_broken_is_a_change_though_the_counts_are_equal(data: WeekData) -> None:
    graphic = data.put_graphic("person", "a", MONDAY, state="failed", finished=at(MONDAY, 18))
    close(data)
    data.execute("update render_instructions set withdrawn_at = now() where id = :id", id=graphic)
    data.put_graphic("person", "b", MONDAY, state="pending")

    assert data.find(WEEK, "graphics_delivered").change == (
        "closed: 1 of 11 graphics failed; now: 1 of 11 graphics not finished"
    )


def test_a_week_that_goes_on_is_not_closed(data: WeekData) -> None:
    with pytest.raises(BadInput, match=r"week 2026-W49 is not over: it ends 2026-12-07 06:00 \(UTC\); close it then"):
        close(data, "2026-W49")

    assert data.execute("select * from week_closures") == []


def test_two_that_close_at_the_same_time_report_once(data: WeekData) -> None:
    with ThreadPoolExecutor(4) as pool:
        closed = [*pool.map(lambda _: close(data), range(4))]

    assert sorted(closed) == [False, False, False, True]
    assert len(list_alerts(data)) == 1
