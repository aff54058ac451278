"""Check that a person's clip is made without a sheet, outlives syncs, and can be undone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips.aliases import add_alias
from pokervod_pipelines.clips.edits import tag_clip
from pokervod_pipelines.clips.search import ClipFilter, list_clips
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.monitoring.evaluation import evaluate_all
from pokervod_pipelines.sheets.own_rows import BY_HAND
from pokervod_pipelines.sheets.retirement import list_unconfigured_sheets
from pokervod_pipelines.workflows.clip_edits import NewClip, create_clip, undo_clip_decision
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.routing import find_requests
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_own_clips_stage
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness, make_line

__all__ = ["harness"]

EVE = Actor(who="eve", reason="asked for by the producer", correlation_id="request")
VIDEO = "archive/show 1.mp4"
NEW = NewClip(
    video="show 1.mp4", time_in="0:30:00:12", time_out="0:30:20", title="Hero call", players=("Ana Ruiz",),
    tags=("Hero call",), grade=3, hands="AA vs KK",
)  # fmt: skip


@pytest.fixture
def archive(harness: SheetHarness) -> SheetHarness:
    """Return a harness with a video of an hour at 25 frames a second, and a sheet with a clip of it."""
    harness.add_files(VIDEO, "archive/show 2.mp4")
    harness.execute(
        """
        insert into media_facts (file_id, size, mtime_ns, status, reason, duration_ms, rate_num, rate_den)
        select id, size, mtime_ns, 'ok', '', 3600000, 25, 1 from nas_files
        """
    )
    harness.write(make_line(1))
    harness.sync()
    harness.build()
    return harness


def own_clips(archive: SheetHarness) -> list[tuple[object, ...]]:
    with archive.engine.connect() as connection:
        clips = list_clips(connection, ClipFilter(sheet=BY_HAND))
    return [(each.title, each.path, each.in_ms, each.out_ms, each.grade, each.players, each.tags) for each in clips]


def sync(archive: SheetHarness) -> None:
    archive.sync(full=True)
    run = SyncRun(engine=archive.engine, settings=archive.settings, correlation_id="sync")
    run_clips_stage(run, archive.sheet)
    run_own_clips_stage(run)


def count_events(archive: SheetHarness) -> int:
    with archive.engine.connect() as connection:
        return int(connection.scalar(text("select count(*) from events")) or 0)


def test_a_clip_is_made_as_of_a_row_and_a_sync_leaves_it(archive: SheetHarness) -> None:
    made = create_clip(archive.engine, archive.settings, NEW, actor=EVE)
    clip = ("Hero call", VIDEO, 1_800_480, 1_820_000, 3, ("Ana Ruiz",), ("hero_call",))
    assert own_clips(archive) == [clip]
    before = count_events(archive)

    sync(archive)

    assert own_clips(archive) == [clip]
    assert count_events(archive) == before
    with archive.engine.connect() as connection:
        assert list_unconfigured_sheets(connection, archive.settings) == []
        events = connection.execute(
            text("select type, payload ->> 'by' from events where correlation_id = 'request' order by id")
        ).all()
    assert events == [("hand.clip.created", "eve"), ("hand.clip.tagged", "eve")]
    assert made.remark is None


def test_its_row_is_no_annotation_row_to_the_checks(archive: SheetHarness) -> None:
    create_clip(archive.engine, archive.settings, NEW, actor=EVE)

    with archive.engine.connect() as connection:
        counts = {name: each.looked_at for name, each in evaluate_all(connection, archive.settings).items()}

    assert (counts["every_row_has_its_video"], counts["every_clip_is_usable"]) == (1, 2)


def test_an_alias_and_a_video_that_is_known_better_reach_it_with_the_next_sync(archive: SheetHarness) -> None:
    create_clip(archive.engine, archive.settings, NEW, actor=EVE)
    add_alias(archive.engine, "Ana Ruiz", "Ana Maria Ruiz", actor=EVE)
    archive.execute("update media_facts set rate_num = 50")

    sync(archive)

    assert own_clips(archive) == [("Hero call", VIDEO, 1_800_240, 1_820_000, 3, ("Ana Maria Ruiz",), ("hero_call",))]


def test_they_are_made_again_by_themselves_alone_and_only_where_there_are_some(archive: SheetHarness) -> None:
    run = SyncRun(engine=archive.engine, settings=archive.settings, correlation_id="sync")
    made = create_clip(archive.engine, archive.settings, NEW, actor=EVE)
    add_alias(archive.engine, "Ana Ruiz", "Ana Maria Ruiz", actor=EVE)

    run_clips_stage(run, archive.sheet)
    assert own_clips(archive)[0][5] == ("Ana Ruiz",), "the stage of a sheet is about that sheet"
    result = run_own_clips_stage(run)
    assert result is not None
    assert (result.name, result.counts["clips"], result.counts["changed"]) == (BY_HAND, 1, 1)

    assert made.decision is not None
    undo_clip_decision(archive.engine, archive.settings, made.decision, actor=EVE)
    assert run_own_clips_stage(run) is None


def test_no_run_is_asked_for_their_sheet(archive: SheetHarness) -> None:
    """The router asked to read the sheet `by hand`, and logged each time that there is none."""
    create_clip(archive.engine, archive.settings, NEW, actor=EVE)
    archive.move_file(VIDEO, state="cleared", event="nas.file.cleared")
    ((file_id,),) = archive.execute("select id from nas_files where path = :path", {"path": VIDEO})
    payloads: dict[EventType, dict[str, Any]] = {
        EventType.MEDIA_FACTS_CHANGED: {"file_ids": [file_id]},
        EventType.CATALOG_UPDATED: {"created": {"episodes": 1}},
    }
    events = [
        LoggedEvent(number, datetime.now(UTC), type_, "media", "request", payload)
        for number, (type_, payload) in enumerate(payloads.items(), start=1)
    ]

    with archive.engine.connect() as connection:
        found = find_requests(connection, events, list_workflows())
    assert [each.target for each in found] == ['clips_update {"sheet": "hands"}', 'sheets_sync {"sheet": "hands"}']


def test_the_same_clip_again_is_the_one_there_is(archive: SheetHarness) -> None:
    first = create_clip(archive.engine, archive.settings, NEW, actor=EVE)
    before = count_events(archive)

    again = create_clip(archive.engine, archive.settings, NEW, actor=EVE)

    assert (again.clip_id, again.decision) == (first.clip_id, None)
    assert count_events(archive) == before


def test_two_who_make_the_same_clip_at_once_make_one(archive: SheetHarness) -> None:
    with ThreadPoolExecutor(4) as pool:
        makings = [pool.submit(create_clip, archive.engine, archive.settings, NEW, actor=EVE) for _ in range(4)]
        made = [each.result() for each in makings]

    assert len({each.clip_id for each in made}) == 1
    assert sum(each.decision is not None for each in made) == 1
    assert len(own_clips(archive)) == 1


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (replace(NEW, time_out="1:00:01", time_in="0:59:00"), "ends at 1:00:01, but its video ends at 1:00:00"),
        (replace(NEW, time_in="0:30:00:25"), "expected frames below the video's rate 25"),
        (replace(NEW, time_in="0:31:00"), "not after its start"),
        (replace(NEW, time_in="soon"), "In: "),
        (replace(NEW, title=" "), "--title: expected a title"),
        (replace(NEW, tags=("herocal",)), "did you mean `hero_call`"),
        (replace(NEW, video="show 9.mp4"), "unknown video 'show 9.mp4'|no video has this path"),
        (replace(NEW, video="mp4"), "no video has this path"),
    ],
)
def test_what_cannot_be_cut_is_refused_and_changes_nothing(archive: SheetHarness, new: NewClip, said: str) -> None:
    before = count_events(archive)

    with pytest.raises(BadInput, match=said):
        create_clip(archive.engine, archive.settings, new, actor=EVE)

    assert own_clips(archive) == []
    assert count_events(archive) == before


def test_the_stretch_of_another_clip_is_refused_by_its_number(archive: SheetHarness) -> None:
    of_sheet = archive.clips()["show 1"].id
    same = replace(NEW, time_in="0:01:00", time_out="0:01:40")

    with pytest.raises(Conflict, match=f"clip {of_sheet}, of sheet hands, shows this stretch already"):
        create_clip(archive.engine, archive.settings, same, actor=EVE)


def test_an_undone_clip_is_retired_and_can_be_made_again(archive: SheetHarness) -> None:
    made = create_clip(archive.engine, archive.settings, NEW, actor=EVE)
    assert made.decision is not None

    undo_clip_decision(archive.engine, archive.settings, made.decision, actor=EVE)
    assert own_clips(archive) == []
    with pytest.raises(Conflict, match="was undone already"):
        undo_clip_decision(archive.engine, archive.settings, made.decision, actor=EVE)
    with pytest.raises(BadInput, match=f"clip {made.clip_id} is retired: its creation was undone; "):
        tag_clip(archive.engine, made.clip_id, add=["Bluff"], actor=EVE)

    again = create_clip(archive.engine, archive.settings, NEW, actor=EVE)
    assert again.clip_id != made.clip_id
    assert len(own_clips(archive)) == 1


def test_no_sheet_of_the_settings_can_have_the_name_of_these_clips(tmp_path: Path) -> None:
    from pydantic import ValidationError

    from pokervod_pipelines.settings.rooms import SheetSource

    with pytest.raises(ValidationError):
        SheetSource(name=BY_HAND, path=tmp_path)
