"""Check what blocks do on events of others, and that their health is that of their parts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.checks import CheckResult, HealthState, Severity, judge_health
from pokervod_pipelines.events.log import EventFilter, LoggedEvent, read_latest
from pokervod_pipelines.events.types import BLOCKS
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows import blocks
from pokervod_pipelines.workflows.blocks import check_block, check_blocks, initialize_blocks, process_event
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness, make_line
from pokervod_pipelines_tests.sync.installation import build_installation

__all__ = ["harness"]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    build_installation(tmp_path)
    return load_settings({"POKERVOD_DATABASE_URL": database_url}, tmp_path)


def read_events(engine: Engine, type_: str) -> list[LoggedEvent]:
    with engine.connect() as connection:
        return [*read_latest(connection, EventFilter(types=(type_,)), limit=None)]


def count(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def test_a_scan_leads_to_media_and_catalog_and_again_to_nothing(engine: Engine, settings: Settings) -> None:
    scan_library(engine, settings, "PAD", correlation_id="request")
    (scan,) = read_events(engine, "nas.scan.completed")

    assert process_event(engine, settings, scan) == ["media", "catalog"]
    assert [each.correlation_id for each in read_events(engine, "catalog.updated")] == ["request"]

    before = count(engine, "select count(*) from events")
    assert process_event(engine, settings, scan) == ["media", "catalog"]
    assert count(engine, "select count(*) from events") == before


def test_rows_lead_to_clips(harness: SheetHarness) -> None:
    harness.write(make_line(1), make_line(2))
    harness.sync()
    (synced,) = read_events(harness.engine, "sheets.sync.completed")

    assert process_event(harness.engine, harness.settings, synced) == ["clips"]
    assert len(harness.clips()) == 2


def test_an_event_that_no_room_waits_for_changes_nothing(harness: SheetHarness) -> None:
    harness.write(make_line(1))
    harness.sync()
    (changed,) = read_events(harness.engine, "sheets.row.changed")

    assert process_event(harness.engine, harness.settings, changed) == []


def test_what_is_initialized_may_be_so_again(engine: Engine, settings: Settings) -> None:
    initialize_blocks(engine, settings)
    initialize_blocks(engine, settings)


def test_a_library_that_is_away_degrades_its_block_alone(engine: Engine, settings: Settings) -> None:
    before = check_blocks(engine, settings)
    assert {block: health.state for block, health in before.items()} == dict.fromkeys(BLOCKS, HealthState.OK)

    (settings.archive_roots[0].path / "ARCHIVE" / "PAD").rename(settings.home.parent / "elsewhere")

    after = check_blocks(engine, settings)
    assert (after["A"].state, after["D"].state) == (HealthState.DEGRADED, HealthState.OK)
    assert "library PAD: " in after["A"].summary
    assert [each.next_step for each in after["A"].checks if not each.passed] == [
        "mount the share, or correct the path in the settings"
    ]


def test_an_absent_block_says_what_there_is_not(
    settings_factory: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCKS", {**BLOCKS, "F": ("alignment",)})
    health = check_block("F", None, settings_factory())

    assert (health.state, health.summary, health.checks) == (HealthState.ABSENT, "this version has no alignment", ())


def test_a_database_that_does_not_answer_fails_its_block(settings_factory: Callable[..., Settings]) -> None:
    down = settings_factory(database_url="postgresql://me:hunter2@127.0.0.1:1/pokervod")

    health = check_block("G", None, down)

    assert health.state is HealthState.FAILED
    assert "hunter2" not in health.summary


def make_check(*, passed: bool, severity: Severity = Severity.ERROR) -> CheckResult:
    return CheckResult(name="part", passed=passed, summary="found", severity=severity)


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        ((), HealthState.OK),
        ((make_check(passed=True),), HealthState.OK),
        ((make_check(passed=True), make_check(passed=False)), HealthState.DEGRADED),
        ((make_check(passed=False), make_check(passed=False)), HealthState.FAILED),
        ((make_check(passed=False, severity=Severity.WARNING),), HealthState.DEGRADED),
    ],
)
def test_the_health_is_that_of_the_parts(checks: tuple[CheckResult, ...], state: HealthState) -> None:
    assert judge_health(checks).state is state
