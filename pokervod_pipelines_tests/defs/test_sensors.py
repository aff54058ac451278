"""Check that a tick of a sensor ends in requests that name the revision, or in a reason."""

import json
import os
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines

LINES = {"Hands": [COLUMNS, *make_lines(1, 2)]}
Tick = Callable[..., dg.SensorResult]


@contextmanager
def ticking(settings: Settings, engine: Engine):
    """Tick ``sheet_changes`` again and again, with the cursor of the tick before."""
    defs = build_defs(settings=settings, engine=engine)
    sensor = defs.get_repository_def().get_sensor_def("sheet_changes")
    cursor = None
    with dg.DagsterInstance.ephemeral() as instance:

        def tick() -> dg.SensorResult:
            nonlocal cursor
            context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=defs)
            result = sensor(context)
            assert isinstance(result, dg.SensorResult)
            assert result.run_requests or result.skip_reason
            cursor = result.cursor
            return result

        yield tick


def asked(result: dg.SensorResult) -> list[tuple[str | None, str | None]]:
    return [(request.run_key, request.partition_key) for request in result.run_requests or ()]


def reason(result: dg.SensorResult) -> str:
    assert result.skip_reason is not None
    return str(result.skip_reason.skip_message)


def rest(path: Path) -> None:
    """Edit the file, each time at another moment in the past."""
    before = path.stat().st_mtime if path.stat().st_mtime < 2e9 else 0
    os.utime(path, (before - 60, before - 60))


def test_a_changed_google_sheet_is_requested_once_and_others_are_left(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    with Emulator.start() as google:
        account = google.make_service_account()
        books = [google.add_workbook(LINES, title=title) for title in ("one", "two")]
        for book in books:
            book.share(account["client_email"])
        settings = settings_factory(
            sheets=[{"name": book.title, "spreadsheet": book.id} for book in books],
            google={"endpoint": google.root, "gather_seconds": 0, "attempts": 1},
            google_credentials=json.dumps(account),
        )
        with ticking(settings, engine) as tick:
            first, second = tick(), tick()
            books[1].type_cell("Hands", 2, "B", "show 9")
            google.forget_calls()
            third = tick()
            calls = [call.kind for call in google.calls]
            google.fail_next(faults.broken(503), kind="drive.list")
            fourth = tick()

    keys = [f"{book.title}:{book.id}:{book.version}" for book in books]
    assert asked(first) == [(keys[0], "one"), (f"two:{books[1].id}:{books[1].version - 1}", "two")]
    assert reason(second) == "one: requested, not read yet; two: requested, not read yet"
    assert asked(third) == [(keys[1], "two")]
    assert calls == ["drive.list"]
    assert "could not be checked" in reason(fourth)


def test_edits_that_follow_each_other_are_gathered(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    with Emulator.start() as google:
        account = google.make_service_account()
        book = google.add_workbook(LINES, title="one")
        book.share(account["client_email"])
        settings = settings_factory(
            sheets=[{"name": "one", "spreadsheet": book.id}],
            google={"endpoint": google.root, "gather_seconds": 1},
            google_credentials=json.dumps(account),
        )
        with ticking(settings, engine) as tick:
            book.type_cell("Hands", 2, "B", "show 8")
            google.before_read(lambda: book.type_cell("Hands", 2, "B", "show 9"), kind="drive.list")
            result = tick()

    assert asked(result) == [(f"one:{book.id}:{book.version}", "one")]


def test_an_edit_that_drive_tells_late_is_read_by_its_run(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    with Emulator.start() as google:
        account = google.make_service_account()
        book = google.add_workbook(LINES, title="one")
        book.share(account["client_email"])
        settings = settings_factory(
            sheets=[{"name": "one", "spreadsheet": book.id}],
            google={"endpoint": google.root, "gather_seconds": 0, "rotation_share": 0.8, "calls_per_minute": 10_000},
            google_credentials=json.dumps(account),
        )
        with ticking(settings, engine) as tick:
            materialize(settings, engine, tick())
            idle = tick()
            book.drive_lag = timedelta(minutes=1)
            book.insert_rows("Hands", 4, [make_line(9)])
            found = tick()
            materialize(settings, engine, found)
            book.drive_lag = timedelta()
            told = tick()

    assert [len(asked(each)) for each in (idle, found, told)] == [0, 1, 0]
    assert reason(told) == "one: its new version reads as before"
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from sheet_rows")) == 3


def materialize(settings: Settings, engine: Engine, result: dg.SensorResult) -> None:
    """Materialize the rows as the requested run does."""
    defs = build_defs(settings=settings, engine=engine)
    (request,) = result.run_requests or ()
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_job_def("sheets_sync")
        assert job.execute_in_process(
            instance=instance, partition_key=request.partition_key, tags=dict(request.tags), asset_selection=None
        ).success


def test_a_saved_workbook_file_is_requested(
    engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    path = tmp_path / "hands.csv"
    path.write_text("File No.\n")
    rest(path)
    settings = settings_factory(sheets=[{"name": "hands", "path": path}])
    with ticking(settings, engine) as tick:
        first, second = tick(), tick()
        rest(path)
        third = tick()
        path.unlink()
        fourth = tick()

    assert [len(asked(each)) for each in (first, second, third)] == [1, 0, 1]
    assert "No such file" in reason(fourth)


def test_without_sheets_the_sensor_says_so(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    with ticking(settings_factory(sheets=[]), engine) as tick:
        assert reason(tick()) == "no sheet is configured"


@pytest.mark.parametrize("name", ["sheet_changes"])
def test_every_sensor_is_on_by_default_and_says_what_it_does(
    engine: Engine, settings_factory: Callable[..., Settings], name: str
) -> None:
    sensor = build_defs(settings=settings_factory(), engine=engine).get_repository_def().get_sensor_def(name)

    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.description
