"""Check that events lead to real runs of exactly what they touch, each once, under the id of their request."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.router import ANSWERS_TAG, find_covered
from pokervod_pipelines.defs.sensors import RUN_KEY_TAG
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.defs.workflows import ATTEMPT_TAG, INPUT_TAG
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.events.cursors import read_cursor
from pokervod_pipelines.events.payloads import find_payload
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import sync_sheet
from pokervod_pipelines.workflows import routing
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.routing import ROUTER
from pokervod_pipelines.workflows.run_requests import RunRequest, store_requests
from pokervod_pipelines.workflows.stages import SyncRun, run_nas_stage, run_sheets_stage
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK, Source, record_look
from pokervod_pipelines_tests.events.rewriting import rewrite_log
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines, write_book

SIGNED = {"by": "Ana", "reason": "new disk"}
CORRECTION = SIGNED | {
    **{"correction_id": 1, "file_id": 1, "path": "a.mp4", "field": "project"},
    **{"before": "OTHER", "value": "PAD", "undoes": None},
}
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@dataclass
class Router:
    """Tick the sensor with the cursor of the tick before, and run what it requests on a real instance."""

    defs: dg.Definitions
    instance: dg.DagsterInstance
    engine: Engine
    cursor: str | None = None
    launched: list[tuple[str, str | None, str]] = field(default_factory=list)

    def tick(self) -> list[dg.RunRequest]:
        sensor = self.defs.get_repository_def().get_sensor_def("event_router")
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor, definitions=self.defs)
        result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        assert result.run_requests or result.skip_reason
        self.cursor = result.cursor
        return list(result.run_requests or ())

    def run(self, request: dg.RunRequest, *, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
        job = self.defs.resolve_job_def(str(request.job_name))
        self.launched.append((str(request.job_name), request.partition_key, request.tags[CORRELATION_TAG]))
        return job.execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            asset_selection=request.asset_selection,
            tags={**request.tags, RUN_KEY_TAG: str(request.run_key)},
            raise_on_error=raise_on_error,
        )

    def settle(self) -> list[tuple[str, str | None]]:
        """Tick and run until nothing is requested; return what ran. Debounces are skipped by the clock of events."""
        before = len(self.launched)
        for _ in range(12):
            with self.engine.begin() as connection:  # what waits for its time has waited
                rewrite_log(connection, "update events set at = at - interval '1 minute'")
                pass_time(connection)
            requests = self.tick()
            for request in requests:
                self.run(request)
            if not requests:
                return [launched[:2] for launched in self.launched[before:]]
        raise AssertionError("requests never end")


@pytest.fixture
def settings(settings_factory: Callable[..., Settings], tmp_path: Path) -> Settings:
    shows = tmp_path / "shows"
    for library in ("wsop", "pad"):
        (shows / library).mkdir(parents=True)
    (shows / "wsop" / "show 1.mp4").write_bytes(b"not a video")
    write_book(tmp_path / "one.xlsx", {"Hands": [COLUMNS, *make_lines(1, 2)]})
    write_book(tmp_path / "two.xlsx", {"Hands": [COLUMNS, *make_lines(1)]})
    return settings_factory(
        archive_roots=[{"name": "shows", "path": shows}],
        libraries=[{"name": name, "root": "shows", "folder": name} for name in ("wsop", "pad")],
        sheets=[{"name": name, "path": tmp_path / f"{name}.xlsx"} for name in ("one", "two")],
        scan={"settle_seconds": 0},
    )


@contextmanager
def open_router(settings: Settings, engine: Engine) -> Iterator[Router]:
    with dg.DagsterInstance.ephemeral() as instance:
        router = Router(build_defs(settings=settings, engine=engine), instance, engine)
        router.tick()  # a new consumer begins now
        yield router


def pass_time(connection: Connection) -> None:
    """Let a minute pass for the requests: their time comes, and what was handed out is handed out again."""
    connection.execute(
        text("""
            update run_requests set first_at = first_at - interval '1 minute', due_at = due_at - interval '1 minute',
                handed_at = handed_at - interval '1 minute'
        """)
    )


def append(engine: Engine, type_: EventType, correlation_id: str, **payload: object) -> None:
    """Append an event of a minute ago: what waits for its time has waited."""
    with engine.begin() as connection:
        append_events(connection, "system", correlation_id, [NewEvent(type_, payload)])
        rewrite_log(connection, "update events set at = at - interval '1 minute'")


def test_a_request_runs_what_it_names_under_its_id(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        append(engine, EventType.SHEETS_SYNC_REQUESTED, "ask 1", sheet="two", **SIGNED)
        (request,) = router.tick()
        assert (request.job_name, request.partition_key) == ("sheets_sync", "two")
        assert (request.tags[CORRELATION_TAG], request.tags["dagster/priority"]) == ("ask 1", "10")
        assert router.tick() == []


def test_what_nobody_launched_is_requested_again_under_the_same_key(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        append(engine, EventType.NAS_SCAN_REQUESTED, "ask 1", library="pad", **SIGNED)
        lost = router.tick()
        assert router.tick() == []
        with engine.begin() as connection:
            pass_time(connection)
        again = router.tick()
        assert [each.run_key for each in lost] == [each.run_key for each in again]
        assert again
        router.run(again[0], raise_on_error=False)
        with engine.begin() as connection:
            pass_time(connection)
        assert "nas_sync" not in [each.job_name for each in router.tick()]


def test_a_new_file_reaches_the_catalog_and_the_rows_that_may_mean_it(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        run_sheets_stage(SyncRun(engine=engine, settings=settings, correlation_id="before"), "one")
        router.settle()
        (settings.archive_roots[0].path / "pad" / "show 2.mp4").write_bytes(b"not a video")
        run_nas_stage(SyncRun(engine=engine, settings=settings, correlation_id="scan"), "pad")
        ran = router.settle()

        assert set(ran) == {("media_sync", "pad"), ("catalog_update", None), ("sheets_sync", "one")}
        assert len(ran) == 3
        assert {launched[2] for launched in router.launched[-3:]} == {"scan"}
        with engine.connect() as connection:
            row = connection.execute(
                text("select match_status from sheet_rows where sheet = 'one' and file_name = 'show 2'")
            )
            assert row.scalars().all() == ["matched"]


def test_a_changed_row_makes_the_clips_of_its_sheet_only(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    run = SyncRun(engine=engine, settings=settings, correlation_id="edit")
    with open_router(settings, engine) as router:
        for sheet in ("one", "two"):
            run_sheets_stage(run, sheet)
        router.settle()
        write_book(tmp_path / "one.xlsx", {"Hands": [COLUMNS, make_line(1, Winner="KK"), make_line(2)]})
        os.utime(tmp_path / "one.xlsx", (1_700_000_000, 1_700_000_000))
        sync_sheet(engine, settings, "one", correlation_id="edit 2")
        assert router.settle() == [("clips_update", "one")]
        assert router.launched[-1][2] == "edit 2"


def test_what_a_run_does_itself_is_not_asked_for_again(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        append(engine, EventType.SHEETS_SYNC_REQUESTED, "ask 1", sheet="one", **SIGNED)
        assert router.settle() == [("sheets_sync", "one")]
        job = router.defs.resolve_job_def("full_sync")
        assert job.execute_in_process(instance=router.instance).success
        assert router.settle() == []


def test_a_sheet_that_fails_still_has_its_clips_made(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    with open_router(settings, engine) as router:
        (tmp_path / "one.xlsx").write_bytes(b"PK, but no workbook")
        append(engine, EventType.SHEETS_SYNC_REQUESTED, "ask 1", sheet="one", **SIGNED)
        (request,) = router.tick()
        assert not router.run(request, raise_on_error=False).success
        assert router.settle() == [("clips_update", "one")]
        with engine.connect() as connection:
            ends = connection.execute(
                text("""
                    select type, payload ->> 'workflow', payload ->> 'error', correlation_id from events
                    where type like 'system.workflow.%' order by id
                """)
            ).all()
        assert [tuple(end[:2]) for end in ends] == [
            ("system.workflow.failed", "sheets_sync"),
            ("system.workflow.completed", "clips_update"),
        ]
        assert "one.xlsx" in ends[0][2]
        assert {end[3] for end in ends} == {"ask 1"}


def test_switched_off_events_wait(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        append(engine, EventType.CATALOG_UPDATE_REQUESTED, "ask 1", **SIGNED)
        off = settings.model_copy(update={"workflows": settings.workflows.model_copy(update={"enabled": False})})
        defs = build_defs(settings=off, engine=engine)
        sensor = defs.get_repository_def().get_sensor_def("event_router")
        skipped = sensor(dg.build_sensor_context(instance=router.instance, cursor=router.cursor, definitions=defs))
        assert isinstance(skipped, dg.SkipReason)
        assert [each.job_name for each in router.tick()] == ["catalog_update"]


def test_what_one_run_made_itself_is_asked_for_where_another_made_it_too(settings: Settings, engine: Engine) -> None:
    scan = {"library": "pad", "added": 1, "unchanged": 0}
    with open_router(settings, engine) as router:
        job = router.defs.resolve_job_def("full_sync")
        assert job.execute_in_process(instance=router.instance, tags={CORRELATION_TAG: "sync"}).success
        router.settle()
        made = make_scan_event(**scan)
        with engine.begin() as connection:
            append_events(connection, "nas", "sync", [made])
            append_events(connection, "nas", "by hand", [made])
        assert {launched[2] for launched in router.launched} == set()
        assert ("catalog_update", None) in router.settle()
        assert {launched[2] for launched in router.launched} == {"by hand"}


@pytest.mark.parametrize(("seconds", "is_covered"), [(-0.1, True), (0.1, False)])
def test_an_event_after_the_record_of_a_run_is_not_answered_by_it(
    settings: Settings, engine: Engine, seconds: float, is_covered: bool
) -> None:
    with open_router(settings, engine) as router:
        job = router.defs.resolve_job_def("catalog_update")
        run = router.instance.create_run_for_job(job, tags={**job.run_tags, CORRELATION_TAG: "c"})
        record = router.instance.get_run_record_by_id(run.run_id)
        assert record is not None
        asked_at = record.create_timestamp + timedelta(seconds=seconds)
        request = replace(make_request("catalog_update"), asked_at=asked_at)
        assert (request.key in find_covered(router.instance, [request], list_workflows())) == is_covered


def make_scan_event(**counts: object) -> NewEvent:
    fields = find_payload(EventType.NAS_SCAN_COMPLETED).model_fields.items()
    required = {name: 0 for name, field in fields if field.is_required()}
    return NewEvent(EventType.NAS_SCAN_COMPLETED, {**required, **counts})


@pytest.mark.parametrize("sensor", ["event_router", "sheet_changes", "rfid_drop"])
def test_a_sensor_leaves_its_source_to_the_watcher_that_lives(
    settings: Settings, engine: Engine, sensor: str, tmp_path: Path
) -> None:
    hands = settings.hands.model_copy(update={"drop_folders": [tmp_path]})
    defs = build_defs(settings=settings.model_copy(update={"hands": hands}), engine=engine)

    def tick() -> object:
        with dg.DagsterInstance.ephemeral() as instance:
            result = defs.get_repository_def().get_sensor_def(sensor)(dg.build_sensor_context(instance=instance))
        return getattr(result, "skip_reason", result)

    with engine.begin() as connection:
        for source in Source:
            record_look(connection, source, "host process 1", "")
    with hold_lock(engine, WATCH_LOCK):
        assert "`pokervod watch` does this: host process 1" in str(tick())
    assert "pokervod watch" not in str(tick())


def test_a_request_waits_for_who_launches_it_too(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        with engine.begin() as connection:
            append_events(connection, "system", "ask 1", [NewEvent(EventType.CATALOG_UPDATE_REQUESTED, SIGNED)])
        assert router.tick() == []
        job = router.defs.resolve_job_def("catalog_update")
        job.execute_in_process(instance=router.instance, tags={CORRELATION_TAG: "ask 1"})
        with engine.begin() as connection:
            rewrite_log(connection, "update events set at = at - interval '1 minute'")
        assert router.settle() == []


@pytest.mark.parametrize(
    ("error", "told"),
    [("cannot read a\udcff.mov", "cannot read a?.mov"), ("a NUL: \0", "a NUL: ?"), ("x" * 10_000, "x" * 4_000)],
)
def test_whatever_a_failed_run_said_the_router_goes_on(
    settings: Settings, engine: Engine, error: str, told: str
) -> None:
    with open_router(settings, engine) as router:
        job = router.defs.resolve_job_def("clips_update")
        tags = {**job.run_tags, INPUT_TAG: "{no json", ATTEMPT_TAG: "two"}
        run = router.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
        router.instance.report_run_failed(run, error)
        append(engine, EventType.CATALOG_UPDATE_REQUESTED, "ask 1", **SIGNED)
        assert [each.job_name for each in router.tick()] == ["catalog_update"]
        with engine.connect() as connection:
            ended = connection.execute(text("select payload from events where type = 'system.workflow.failed'"))
            assert [(each["input"], each["attempt"], each["error"]) for each in ended.scalars()] == [({}, 1, told)]


def test_a_request_that_waits_for_what_left_the_settings_is_dropped(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        with engine.begin() as connection:
            store_requests(connection, [make_request("sheets_sync", sheet="gone"), make_request("not_declared")])
        append(engine, EventType.CATALOG_UPDATE_REQUESTED, "ask 1", **SIGNED)
        assert [each.job_name for each in router.tick()] == ["catalog_update"]
        assert count_requests(engine, "run_key is null") == 0


def count_requests(engine: Engine, condition: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(f"select count(*) from run_requests where {condition}")) or 0)


def make_request(workflow: str, **given: str) -> RunRequest:
    return RunRequest(
        workflow=workflow, input=given, correlation_id="c", event_id=1, first_at=NOW, asked_at=NOW, due_at=NOW
    )


def test_the_same_run_in_the_queue_is_not_requested_again(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        job = router.defs.resolve_job_def("catalog_update")
        tags = {**job.run_tags, INPUT_TAG: "{}", CORRELATION_TAG: "before"}
        queued = router.instance.create_run_for_job(job, tags=tags)
        append(engine, EventType.CATALOG_CORRECTED, "ask 1", **CORRECTION)
        assert router.tick() == []
        assert count_requests(engine, "run_key is null") == 1
        router.instance.report_run_canceled(queued)
        with engine.begin() as connection:
            pass_time(connection)
        assert [each.tags[CORRELATION_TAG] for each in router.tick()] == ["ask 1"]


def test_a_long_backlog_is_read_in_parts(settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "EVENTS_AT_ONCE", 3)
    with open_router(settings, engine) as router:
        for number in range(8):
            sheet = "one" if number % 2 else "two"
            append(engine, EventType.SHEETS_SYNC_REQUESTED, f"ask {number}", sheet=sheet, **SIGNED)
        found = [(each.partition_key, each.tags.get(ANSWERS_TAG)) for _ in range(4) for each in router.tick()]
        assert found[:4] == [("one", None), ("two", "ask 2"), ("two", None), ("one", "ask 5")]
        assert found[4:] == [("two", None), ("one", None)]
        with engine.connect() as connection:
            assert read_cursor(connection, ROUTER).pending == 0


def test_an_end_is_recorded_once_however_long_the_router_was_off(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        job = router.defs.resolve_job_def("catalog_update")
        assert job.execute_in_process(instance=router.instance).success
        router.tick()
        with engine.begin() as connection:
            rewrite_log(connection, "update events set at = at - interval '30 hours'")
        router.cursor = json.dumps({"ends_seen": (datetime.now(UTC) - timedelta(hours=40)).isoformat()})
        router.tick()
        with engine.connect() as connection:
            count = connection.scalar(text("select count(*) from events where type = 'system.workflow.completed'"))
        assert count == 1


def test_an_end_by_a_clock_that_is_ahead_is_recorded_once(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        job = router.defs.resolve_job_def("catalog_update")
        run_id = job.execute_in_process(instance=router.instance).run_id
        with router.instance.run_storage.connect() as connection:
            ahead = {"at": datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1), "id": run_id}
            connection.execute(text("update runs set update_timestamp = :at where run_id = :id"), ahead)
        router.tick()
        with engine.begin() as connection:  # later, and before that clock's hour is over
            rewrite_log(connection, "update events set at = at - interval '10 minutes'")
        router.tick()
        with engine.connect() as connection:
            count = connection.scalar(text("select count(*) from events where type = 'system.workflow.completed'"))
        assert count == 1
