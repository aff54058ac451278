"""Check each measure by known answers, and that nothing to measure is no figure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.measures import machine
from pokervod_pipelines.monitoring.measures.flow import measure_data_flow, measure_hands_today, measure_sync_lags
from pokervod_pipelines.monitoring.measures.machine import measure_disks, measure_machine
from pokervod_pipelines.monitoring.measures.renders import (
    measure_dashboard,
    measure_groups,
    measure_renders,
    read_queue_depth,
)
from pokervod_pipelines.monitoring.measures.shape import QueueDepth, Window, make_window
from pokervod_pipelines.periods import read_length
from pokervod_pipelines.render.pauses import name_scope, pause
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue
from pokervod_pipelines_tests.processes.shares import record_processes
from pokervod_pipelines_tests.render.render_database import RenderDatabase

NOW = datetime(2026, 5, 4, 18, 30, 15, tzinfo=UTC)
HOUR = make_window(timedelta(hours=1), NOW)

MakeSettings = Callable[..., Settings]


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
def queue(engine: Engine) -> MeasuredQueue:
    return MeasuredQueue(engine=engine)


@pytest.mark.parametrize(
    ("graphics", "expected"),
    [
        # nothing was asked for: no figure
        ([], (None, None, None, None, None)),
        # asked for, and none completed: none an hour, and still no latency
        ([(50, 0, None)], (0, None, None, None, None)),
        # one failed: an error rate, and no latency
        ([(50, 60, "failed")], (0, None, None, None, 1)),
        # a cancelled one has not ended
        ([(50, 60, "cancelled")], (0, None, None, None, None)),
        # three latencies: the middle one, and between the last two
        ([(50, 10, "completed"), (50, 20, "completed"), (50, 60, "completed")], (3, 30, 20, 56, 0)),
        # a quarter failed or timed out
        ([(9, 10, "completed")] * 6 + [(9, 10, "failed"), (9, 10, "timed_out")], (6, 10, 10, 10, 0.25)),
        # asked for before the window, and ended in it
        ([(90, 3600, "completed")], (1, 3600, 3600, 3600, 0)),
        # ended before the window
        ([(90, 60, "completed")], (None, None, None, None, None)),
    ],
)
def test_figures_of_an_hour(
    queue: MeasuredQueue,
    settings_factory: MakeSettings,
    graphics: list[tuple[float, float, str | None]],
    expected: tuple[float | None, ...],
) -> None:
    for minutes, seconds, end in graphics:
        queue.add(ago(minutes), seconds, end)

    with queue.engine.connect() as connection:
        found = measure_renders(connection, settings_factory(), HOUR, now=NOW)

    figures = (found.throughput.figure, found.latency.average, found.latency.p50, found.latency.p95)
    assert (*figures, found.error_rate.figure) == pytest.approx(expected)
    assert sum(each.value for each in found.throughput.series) == found.throughput.completed


def test_a_graphic_that_failed_was_retried_and_completed_ended_twice(
    queue: MeasuredQueue, settings_factory: MakeSettings
) -> None:
    failed = queue.add(ago(40), 60, "failed")
    queue.retry(failed)
    queue.end(failed, ago(5), "completed")

    with queue.engine.connect() as connection:
        found = measure_renders(connection, settings_factory(), HOUR, now=NOW)

    assert (found.error_rate.figure, found.error_rate.ended, found.latency.average) == (0.5, 2, 35 * 60)


def test_renderers_and_templates_have_figures_of_their_own(
    queue: MeasuredQueue, settings_factory: MakeSettings
) -> None:
    queue.add(ago(30), 10, "completed", template="payouts", renderer="nexrender")
    queue.add(ago(30), 20, "failed", template="payouts")
    queue.add(ago(30), 30, "completed", template="elimination")
    queue.add(ago(30), template="bracelet")
    with queue.engine.connect() as connection:
        by_template = measure_groups(connection, settings_factory(), HOUR, "template", now=NOW)
        by_renderer = measure_groups(connection, settings_factory(), HOUR, "renderer", now=NOW)

    found = [(each.template, each.throughput.figure, each.latency.p50, each.error_rate.figure) for each in by_template]
    assert found == [
        ("bracelet", 0, None, None),
        ("elimination", 1, 30, 0),
        ("payouts", 1, 10, 0.5),
    ]
    assert [(each.renderer, each.throughput.completed, each.queue_depth.pending) for each in by_renderer] == [
        ("local", 1, 1),
        ("nexrender", 1, 0),
    ]


def test_the_queue_counts_what_is_paused_as_pending_and_held(queue: MeasuredQueue) -> None:
    for template in ("payouts", "payouts", "elimination"):
        queue.add(ago(5), template=template)
    queue.add(ago(5), state="processing")
    pause(queue.engine, name_scope(template="payouts"), Actor(who="test", reason="wrong prizes"))

    with queue.engine.connect() as connection:
        depth = read_queue_depth(connection)
        by_template = read_queue_depth(connection, "template")

    assert depth == {"": QueueDepth(pending=3, processing=1, held=2)}
    assert by_template["elimination"] == QueueDepth(pending=1, processing=1, held=0)


def test_an_empty_database_has_no_figures(engine: Engine, settings_factory: MakeSettings, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    settings = settings_factory(
        archive_roots=[{"name": "nas", "path": tmp_path}],
        libraries=[{"name": "wsop", "root": "nas"}],
        sheets=[{"name": "notes", "path": tmp_path / "notes.xlsx"}],
        hands={"drop_folders": [tmp_path / "drop"]},
    )
    with engine.connect() as connection:
        dashboard = measure_dashboard(connection, settings, now=NOW)
        flow = measure_data_flow(connection, HOUR, now=NOW)
        today = measure_hands_today(connection, settings, now=NOW)
        lags = measure_sync_lags(connection, settings, now=NOW)

    assert (dashboard.throughput_1h, dashboard.avg_latency_1h, dashboard.error_rate_1h) == (None, None, None)
    assert dashboard.queue_depth == QueueDepth(pending=0, processing=0, held=0)
    assert (flow.completion_rate, flow.orphan_hands, flow.delayed_instructions) == (None, 0, 0)
    assert (today.day, today.hands, today.last_at) == ("2026-05-04", 0, None)
    assert [(each.kind, each.name, each.seconds) for each in lags] == [
        ("drop folder", str(tmp_path / "drop"), None),
        ("library", "wsop", None),
        ("sheet", "notes", None),
    ]


def test_ages_are_those_of_what_was_read_without_an_error(
    engine: Engine, settings_factory: MakeSettings, tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    settings = settings_factory(
        archive_roots=[{"name": "nas", "path": tmp_path}],
        libraries=[{"name": "wsop", "root": "nas"}],
        sheets=[{"name": "notes", "path": tmp_path / "notes.xlsx"}],
        hands={"drop_folders": [drop]},
    )
    with engine.begin() as connection:
        connection.execute(_SOURCES, {"drop": str(drop), "good": ago(10), "bad": ago(1)})
        lags = {each.kind: each.seconds for each in measure_sync_lags(connection, settings, now=NOW)}

    assert lags == {"library": 600, "sheet": 600, "drop folder": 600}


def test_the_flow_counts_orphans_and_hands_with_all_their_graphics(
    engine: Engine, settings_factory: MakeSettings
) -> None:
    database = RenderDatabase(engine=engine, settings=settings_factory())
    hands = [database.put_hand(number) for number in range(1, 5)]
    database.put_hand(5, is_premium=False)
    queue = MeasuredQueue(engine=database.engine)
    now = datetime.now(UTC)
    for hand, end in zip(hands, ("completed", "failed", None), strict=False):
        id_ = queue.add(now - timedelta(minutes=40), 60, end)
        with database.engine.begin() as connection:
            connection.execute(_OF_HAND, {"id": id_, "hand": hand})
    with database.engine.connect() as connection:
        flow = measure_data_flow(connection, make_window(timedelta(hours=1), now + timedelta(minutes=1)), now=now)

    assert (flow.premium_hands, flow.with_instruction, flow.orphan_hands) == (4, 3, 1)
    assert (flow.completion_rate, flow.delayed_instructions) == (0.25, 1)


def test_a_root_that_is_away_has_no_figure_and_says_why(settings_factory: MakeSettings, tmp_path: Path) -> None:
    roots = [{"name": "nas", "path": tmp_path / "gone"}, {"name": "b", "path": tmp_path}]
    settings = settings_factory(archive_roots=roots)

    home, outputs, gone, here = measure_disks(settings)

    assert (gone.free_bytes, gone.total_bytes, gone.problem) == (None, None, "does not exist")
    assert all(each.free_bytes and each.total_bytes and not each.problem for each in (home, outputs, here))


def test_a_share_is_measured_in_another_process(
    settings_factory: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_factory(archive_roots=[{"name": "nas", "path": tmp_path}])
    plain = [each.total_bytes for each in measure_disks(settings)]
    started = record_processes(monkeypatch)

    assert [each.total_bytes for each in measure_disks(settings)] == plain
    assert len(started) > len(plain)


def test_the_machine_knows_its_memory(settings_factory: MakeSettings) -> None:
    memory = measure_machine(settings_factory()).memory

    assert 0 < memory.available_bytes < memory.total_bytes
    assert machine.DISK_SECONDS < 10


@pytest.mark.parametrize("written", ["", "1", "h", "0h", "1 fortnight", "-1h"])
def test_a_length_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(BadInput, match=r"--window: expected a length such as 30m, 1h"):
        read_length("--window", written)


def test_a_window_of_no_length_is_refused() -> None:
    with pytest.raises(BadInput, match="longer"):
        Window(since=NOW, until=NOW)


_SOURCES = text("""
    with scans as (
        insert into nas_scans (library, correlation_id, started_at, finished_at, status)
        values ('wsop', '', :good, :good, 'completed'), ('wsop', '', :bad, :bad, 'failed')
    ), sheets as (
        insert into sheet_states (sheet, read_at, error) values ('notes', :good, 'tab Hands is missing')
    )
    insert into hand_files (path, digest, size, mtime_ns, state, read_at)
    values (:drop || '/a.json', '', 1, 1, 'read', :good), (:drop || '/b.json', '', 1, 1, 'quarantined', :bad),
        (:drop || '-2/c.json', '', 1, 1, 'read', :bad)
""")

_OF_HAND = text("update render_instructions set hand_id = :hand, trigger_kind = 'premium_hand' where id = :id")
