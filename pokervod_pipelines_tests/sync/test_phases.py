"""Check the phases of a sync: each after what it needs, skipped where that failed, under one correlation id."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips.aliases import add_alias
from pokervod_pipelines.clips.search import ClipFilter, list_clips
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND
from pokervod_pipelines.workflows.clip_edits import NewClip, create_clip
from pokervod_pipelines.workflows.fallbacks import FALLBACKS
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_walk, write_session
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_lines, write_book


class Listener:
    """Keep the results of all stages."""

    def __init__(self) -> None:
        self.results: list[StageResult] = []

    def started(self, stage: str, name: str) -> None:
        """Do nothing."""

    def advanced(self, stage: str, name: str, done: int) -> None:
        """Do nothing."""

    def waiting(self, reason: str) -> None:
        """Do nothing."""

    def finished(self, result: StageResult) -> None:
        """Keep the result."""
        self.results.append(result)


@pytest.fixture
def settings(settings_factory: Callable[..., Settings], tmp_path: Path) -> Settings:
    (tmp_path / "shows").mkdir()
    (tmp_path / "shows" / "show 1.mp4").write_bytes(b"not a video")
    write_book(tmp_path / "one.xlsx", {"Hands": [COLUMNS, *make_lines(1, 2)]})
    (tmp_path / "table").mkdir()
    session = tmp_path / "table" / "s.json"
    session.write_bytes(write_session(make_showdown(), make_walk(number=2, at=5)))
    os.utime(session, (1_700_000_000, 1_700_000_000))
    return settings_factory(
        archive_roots=[{"name": "shows", "path": tmp_path / "shows"}],
        libraries=[{"name": "shows", "root": "shows"}],
        sheets=[{"name": "one", "path": tmp_path / "one.xlsx"}],
        hands={"drop_folders": [tmp_path / "table"]},
        retries={"nas_seconds": 0, "sheets_seconds": 0, "clips_seconds": 0},
        scan={"settle_seconds": 0},
    )


def run_sync(settings: Settings, engine: Engine, *, correlation_id: str = "request 1") -> list[StageResult]:
    listener = Listener()
    job = build_defs(settings=settings, engine=engine, listener=listener).resolve_job_def("full_sync")
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, tags={CORRELATION_TAG: correlation_id}, raise_on_error=False)
    return listener.results


def read_events(engine: Engine, correlation_id: str) -> list[tuple[str, dict[str, Any]]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("select type, payload from events where correlation_id = :id order by id"), {"id": correlation_id}
        )
        return [tuple(row) for row in rows]


def test_the_sync_ends_with_hands_and_their_instructions(settings: Settings, engine: Engine) -> None:
    results = run_sync(settings, engine)

    stages = [each.stage for each in results]
    assert [stage for stage in stages if stage != "tournaments"] == [
        *("nas", "media", "catalog", "sheets", "clips", "hands", "instructions")
    ]
    counts = {each.stage: each.counts for each in results}
    assert (counts["hands"]["hands_created"], counts["instructions"]["created"]) == (2, 1)
    types = [type_ for type_, _ in read_events(engine, "request 1")]
    assert (types[0], types[-1]) == ("system.sync.all", "system.sync.completed")
    order = [types.index(type_) for type_ in ("nas.scan.completed", "catalog.updated", "sheets.row.changed")]
    order += [types.index(type_) for type_ in ("hand.clip.created", "hand.created", "render.instruction.created")]
    assert order == sorted(order)


def test_clips_of_no_sheet_are_a_phase_of_their_own_where_there_are_some(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    write_book(tmp_path / "two.xlsx", {"Hands": [COLUMNS, *make_lines(3, 4)]})
    sheets = (*settings.sheets, settings.sheets[0].model_copy(update={"name": "two", "path": tmp_path / "two.xlsx"}))
    of_two = settings.model_copy(update={"sheets": sheets})
    run_sync(of_two, engine)
    actor = Actor(who="eve", reason="a trailer", correlation_id="request 0")
    new = NewClip(video="show 1.mp4", time_in="0:00:01", time_out="0:00:02", title="Call", players=("Ana",))
    create_clip(engine, of_two, new, actor=actor)

    for number, each in enumerate((of_two, settings.model_copy(update={"sheets": ()})), start=1):
        add_alias(engine, "Ana", f"Ana {'I' * number}", actor=actor)
        clips = [result for result in run_sync(each, engine) if result.stage == "clips"]
        assert [result.name for result in clips] == [*(sheet.name for sheet in each.sheets), BY_HAND]
        assert (clips[-1].counts["clips"], clips[-1].counts["changed"]) == (1, 1)

    with engine.begin() as connection:
        connection.execute(text("update sheet_rows set content = '{}', fingerprint = '' where sheet = 'by hand'"))
    failed = [(each.stage, each.name) for each in run_sync(of_two, engine) if not each.succeeded]
    assert failed == [("clips", BY_HAND)]


def test_clips_of_no_sheet_follow_a_run_of_one_sheet(settings: Settings, engine: Engine) -> None:
    run_sync(settings, engine)
    actor = Actor(who="eve", reason="a trailer", correlation_id="request 0")
    new = NewClip(video="show 1.mp4", time_in="0:00:01", time_out="0:00:02", title="Call", players=("Ana",))
    create_clip(engine, settings, new, actor=actor)
    add_alias(engine, "Ana", "Ana Ruiz", actor=actor)

    job = build_defs(settings=settings, engine=engine).resolve_implicit_global_asset_job_def()
    clips = [dg.AssetKey("hand_clips")]
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, partition_key="one", asset_selection=clips).success

    with engine.connect() as connection:
        assert [each.players for each in list_clips(connection, ClipFilter(sheet=BY_HAND))] == [("Ana Ruiz",)]


def test_without_folders_of_tables_there_is_no_such_phase(settings: Settings, engine: Engine) -> None:
    results = run_sync(settings.model_copy(update={"hands": type(settings.hands)()}), engine)
    assert {each.stage for each in results} == {"nas", "media", "catalog", "sheets", "clips"}


def test_a_failed_branch_skips_what_depends_on_it_and_the_next_run_heals(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    run_sync(settings, engine)
    (tmp_path / "shows").rename(tmp_path / "away")
    (tmp_path / "one.xlsx").write_bytes(b"PK, but no workbook")

    results = {each.stage: each for each in run_sync(settings, engine, correlation_id="request 2")}

    assert {stage for stage, each in results.items() if not each.succeeded} == {"nas", "media", "sheets"}
    assert results["media"].is_skipped
    assert results["media"].error == "skipped, since nas shows failed; the next sync does it"
    assert results["clips"].stale_since is not None
    assert results["clips"].counts["clips"] == 2
    assert results["hands"].succeeded
    errors = [payload for type_, payload in read_events(engine, "request 2") if type_ == "system.error"]
    assert [(each["stage"], each["skipped"]) for each in errors] == [("nas", False), ("media", True), ("sheets", False)]

    (tmp_path / "away").rename(tmp_path / "shows")
    write_book(tmp_path / "one.xlsx", {"Hands": [COLUMNS, *make_lines(1, 2)]})
    healed = run_sync(settings, engine, correlation_id="request 3")
    assert all(each.succeeded and each.stale_since is None for each in healed)


def test_statuses_of_a_sheet_that_was_never_read_are_not_written(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "one.xlsx").write_bytes(b"PK, but no workbook")
    sheets = tuple(each.model_copy(update={"write_back": True}) for each in settings.sheets)
    results = {each.stage: each for each in run_sync(settings.model_copy(update={"sheets": sheets}), engine)}

    assert results["statuses"].error == "skipped, since sheets one failed; the next sync does it"
    assert results["clips"].stale_since is None


def test_what_goes_on_says_with_what(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    run_sync(settings, engine)
    (tmp_path / "shows").rename(tmp_path / "away")
    (tmp_path / "table").rename(tmp_path / "away-too")
    results = {each.stage: each for each in run_sync(settings, engine)}

    assert results["catalog"].problems[0] == Problem("nas shows", f"failed; this has {FALLBACKS['catalog']}")
    assert results["instructions"].problems[0].what == f"failed; this has {FALLBACKS['instructions']}"
    assert results["catalog"].counts["video_files"] == 1
