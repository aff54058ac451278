"""Check that events lead to real runs of exactly what they touch, each once, under the id of their request."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import sync_sheet
from pokervod_pipelines.workflows.stages import SyncRun, run_nas_stage, run_sheets_stage
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines, write_book

SIGNED = {"by": "Ana", "reason": "new disk"}


@dataclass
class Router:
    """Tick the sensor with the cursor of the tick before, and run what it requests on a real instance."""

    defs: dg.Definitions
    instance: dg.DagsterInstance
    engine: Engine
    cursor: str | None = None
    launched: list[tuple[str, str | None, str]] = field(default_factory=list)

    def tick(self, *, keep: bool = True) -> list[dg.RunRequest]:
        sensor = self.defs.get_repository_def().get_sensor_def("event_router")
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor, definitions=self.defs)
        result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        assert result.run_requests or result.skip_reason
        if keep:
            self.cursor = result.cursor
        return list(result.run_requests or ())

    def run(self, request: dg.RunRequest, *, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
        job = self.defs.resolve_job_def(str(request.job_name))
        self.launched.append((str(request.job_name), request.partition_key, request.tags[CORRELATION_TAG]))
        return job.execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            asset_selection=request.asset_selection,
            tags=dict(request.tags),
            raise_on_error=raise_on_error,
        )

    def settle(self) -> list[tuple[str, str | None]]:
        """Tick and run until nothing is requested; return what ran. Debounces are skipped by the clock of events."""
        before = len(self.launched)
        for _ in range(12):
            with self.engine.begin() as connection:  # what waits for its time has waited
                connection.execute(text("update events set at = at - interval '1 minute'"))
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
    )


@contextmanager
def open_router(settings: Settings, engine: Engine) -> Iterator[Router]:
    with dg.DagsterInstance.ephemeral() as instance:
        router = Router(build_defs(settings=settings, engine=engine), instance, engine)
        router.tick()  # a new consumer begins now
        yield router


def append(engine: Engine, type_: EventType, correlation_id: str, **payload: object) -> None:
    with engine.begin() as connection:
        append_events(connection, "system", correlation_id, [NewEvent(type_, payload)])


def test_a_request_runs_what_it_names_under_its_id(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        append(engine, EventType.SHEETS_SYNC_REQUESTED, "ask 1", sheet="two", **SIGNED)
        (request,) = router.tick()
        assert (request.job_name, request.partition_key) == ("sheets_sync", "two")
        assert (request.tags[CORRELATION_TAG], request.tags["dagster/priority"]) == ("ask 1", "10")
        assert router.tick() == []


def test_a_tick_that_was_not_kept_asks_again_under_the_same_key(settings: Settings, engine: Engine) -> None:
    with open_router(settings, engine) as router:
        append(engine, EventType.NAS_SCAN_REQUESTED, "ask 1", library="pad", **SIGNED)
        lost, kept = router.tick(keep=False), router.tick()
        assert [each.run_key for each in lost] == [each.run_key for each in kept]
        assert kept
        assert router.tick() == []


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
