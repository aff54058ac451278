"""Check that programs use the queue beside our workers, under the same guard."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.render import queue
from pokervod_pipelines.render.actions import cancel, retry
from pokervod_pipelines.render.worker.run import run_worker
from pokervod_pipelines.workflows.arrivals import find_arrivals
from pokervod_pipelines_tests.hub.conftest import Hub
from pokervod_pipelines_tests.hub.rows import (
    LAYERS,
    QUEUE,
    SMALL,
    check_events,
    make_hand,
    make_instruction,
    run_stages,
    use,
)


def test_an_instruction_enters_our_queue_and_is_read_by_priority_and_age(hub: Hub) -> None:
    late, urgent = (
        use(hub, lambda it, priority=priority: it.insert("render_instructions", **make_instruction(priority=priority)))
        for priority in (5, 1)
    )
    rows = use(hub, lambda it: it.list_pending())

    assert [row["id"] for row in rows] == [urgent, late]
    assert rows[0]["layer_data_json"] == LAYERS
    assert rows[0]["output_settings_json"] == SMALL
    assert (rows[0]["output_filename"], rows[0]["retry_count"], rows[0]["max_retries"]) == ("out.v1", 0, 3)
    (job, *_) = queue.claim_jobs(hub.engine, QUEUE, worker="w1", renderer="local", limit=1)
    assert (job.id, job.layers) == (urgent, LAYERS)
    assert {name: job.output[name] for name in ("format", "width", "fps", "seconds")} == {
        **{"format": "mov_alpha", "width": 384},
        **{"fps": 10, "seconds": 0.5},
    }
    assert use(hub, lambda it: it.set_status(urgent, "processing")) == 0, "our worker has it"
    assert use(hub, lambda it: it.set_status(urgent, "completed")) == 0
    check_events(hub)


def test_a_program_takes_ends_and_retries_as_the_guard_allows(hub: Hub) -> None:
    role, at = hub.roles[0], datetime.now(UTC)
    other = hub.make_role()
    number = use(hub, lambda it: it.insert("render_instructions", **make_instruction()))

    def set_status(status: str, who: str = role, **more: Any) -> int:
        return int(use(hub, lambda it: it.set_status(number, status, **more), who))

    assert set_status("completed") == set_status("failed") == set_status("pending") == 0
    assert set_status("processing", started_at=datetime.now()) == 1  # noqa: DTZ005 - as the old programs write it
    assert set_status("processing") == set_status("processing", other) == 0
    assert set_status("completed", other) == set_status("failed", other) == set_status("pending", other) == 0
    assert hub.read("select claimed_by, state from render_instructions") == [(role, "processing")]
    assert queue.claim_jobs(hub.engine, QUEUE, worker="w1", renderer="local", limit=1) == []
    assert queue.requeue_lost(hub.engine, QUEUE) == [], "a program sends no heartbeat"
    assert set_status("failed", error="disk full", completed_at=at) == 1
    seen = use(hub, lambda it: it.fetch("SELECT * FROM render_instructions"))[0]
    assert (seen["status"], seen["error_message"]) == ("failed", "disk full")
    assert use(hub, lambda it: it.retry(number)) == 1
    assert use(hub, lambda it: it.list_pending())[0]["retry_count"] == 1
    assert set_status("processing") == set_status("completed", completed_at=at) == 1
    assert set_status("pending") == set_status("failed") == use(hub, lambda it: it.retry(number)) == 0
    with pytest.raises(DBAPIError, match="unknown status 'rendering'"):
        set_status("rendering")
    types = [event[0] for event in check_events(hub)]
    assert types == [
        f"render.{each}" for each in ("instruction.created", "started", "failed", "requeued", "started", "completed")
    ]
    outcomes = hub.read("select outcome, worker from render_attempts order by ended_at")
    assert outcomes == [("failed", role), ("completed", role)]


def test_retries_end_and_other_ends_count_as_failed(hub: Hub) -> None:
    spent, cancelled = (
        use(hub, lambda it, most=most: it.insert("render_instructions", **make_instruction(max_retries=most)))
        for most in (0, 3)
    )
    use(hub, lambda it: it.set_status(spent, "processing"))
    use(hub, lambda it: it.set_status(spent, "failed", error="x"))
    cancel(hub.engine, [cancelled], Actor(who="eva", reason="not needed"))

    assert use(hub, lambda it: it.count_by_status()) == {"failed": 2}
    assert use(hub, lambda it: it.retry(spent)) == 0
    assert use(hub, lambda it: it.retry(cancelled)) == 1
    assert retry(hub.engine, [spent], Actor(who="eva", reason="again")).done == (spent,)
    assert use(hub, lambda it: it.count_by_status()) == {"pending": 2}


def test_a_claim_of_a_program_that_died_is_requeued_after_the_time_limit(hub: Hub) -> None:
    number = use(hub, lambda it: it.insert("render_instructions", **make_instruction()))
    use(hub, lambda it: it.set_status(number, "processing"))
    hub.read("update render_instructions set started_at = now() - interval '1 hour' returning id")

    assert [each.state for each in queue.requeue_lost(hub.engine, QUEUE)] == ["pending"]
    assert use(hub, lambda it: it.set_status(number, "completed")) == 0


@pytest.mark.parametrize(
    "reason",
    [
        "insert into render_pauses (scope, reason, by) values ('all', 'x', 'eva') returning scope",
        "update render_instructions set held_until = now() + interval '1 hour' returning id",
        "update render_instructions set due_at = now() + interval '1 hour' returning id",
        "insert into render_workers (name, host, pid, renderers, quarantine_reason)"
        " values ((select name from hub_roles), 'h', 1, '{}', 'x') returning name",
    ],
)
def test_what_no_worker_may_claim_no_program_may(hub: Hub, reason: str) -> None:
    number = use(hub, lambda it: it.insert("render_instructions", **make_instruction()))
    hub.read(reason)

    assert use(hub, lambda it: it.set_status(number, "processing")) == 0


def test_an_instruction_of_a_hand_that_is_not_stored_yet_gets_it_later(hub: Hub) -> None:
    hand = use(hub, lambda it: it.insert("hands", **make_hand()))
    values = make_instruction(trigger_type="hand", trigger_id=str(hand))
    number = use(hub, lambda it: it.insert("render_instructions", **values))
    run_stages(hub)

    assert hub.read("select hand_id from render_instructions where id = :id", id=number) == [(hand,)]


def test_outputs_are_recorded_and_verified_where_they_can_be_reached(hub: Hub) -> None:
    ours, theirs, lost = (use(hub, lambda it: it.insert("render_instructions", **make_instruction())) for _ in range(3))
    for number in (theirs, lost):
        use(hub, lambda it, number=number: it.set_status(number, "processing"))
    run_worker(hub.engine, hub.settings, name="w1", until_empty=True)
    (made,) = use(hub, lambda it: it.list_outputs(ours))
    copy = Path(made["output_path"]).with_name("theirs.mov")
    shutil.copyfile(made["output_path"], copy)

    def report(number: int, path: str) -> int:
        values = {
            "instruction_id": number,
            "output_path": path,
            "file_size": 10,
            "frame_count": 5,
            "status": "completed",
        }
        return int(use(hub, lambda it: it.insert("render_outputs", **values)))

    first = report(theirs, "/elsewhere/theirs.mov")
    second, third = report(theirs, str(copy)), report(lost, __file__)
    before = find_arrivals(hub.engine, hub.settings).is_due
    for number in (theirs, lost):
        use(hub, lambda it, number=number: it.set_status(number, "completed"))
    run_stages(hub)

    assert (made["status"], made["frame_count"]) == ("completed", 5)
    assert not before, "what is rendered still is not verified yet"
    assert [row["id"] for row in use(hub, lambda it: it.list_outputs(theirs))] == [second, first]
    stored = hub.read("select instruction_id, path, made_by from render_outputs where instruction_id <> :id", id=ours)
    assert stored == [(theirs, copy.relative_to(hub.settings.renders.absolute()).as_posix(), hub.roles[0])]
    assert "cannot be reached" in str(hub.read("select finding from hub_outputs order by id")[0][0])
    (broken,) = use(hub, lambda it: it.list_outputs(lost))
    assert (broken["id"], broken["status"]) == (third, "failed")
    assert not find_arrivals(hub.engine, hub.settings).is_due
