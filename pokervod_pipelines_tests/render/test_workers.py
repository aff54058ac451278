"""Test pauses, and workers that are quarantined."""

import subprocess
from datetime import date

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.render import pauses, workers
from pokervod_pipelines.render.failures import BadWorker, NoCapacity
from pokervod_pipelines.render.workers import MAX_STRIKES
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.queue_database import QueueDatabase, ids_of

ACTOR = Actor(who="eva", reason="new graphics at noon", correlation_id="c")


@pytest.mark.parametrize("scope", ["all", "renderer:local", "template:elimination"])
def test_nothing_of_a_paused_scope_is_claimed_until_it_is_resumed(queue_database: QueueDatabase, scope: str) -> None:
    held = queue_database.claim_one()
    (waiting,) = queue_database.request()
    pauses.pause(queue_database.engine, scope, ACTOR)

    assert queue_database.claim() == []
    assert len(queue_database.finish(held)) == 1
    assert pauses.resume(queue_database.engine, scope, ACTOR)
    assert ids_of(queue_database.claim()) == [waiting]
    assert not pauses.resume(queue_database.engine, scope, ACTOR)


def test_a_pause_leaves_other_scopes_alone_and_its_reason_is_audited(queue_database: QueueDatabase) -> None:
    queue_database.request()
    pauses.pause(queue_database.engine, "template:payouts", ACTOR)

    assert len(queue_database.claim()) == 1
    (event,) = queue_database.execute("select payload from events where type = 'render.paused'")
    assert event.payload["reason"] == ACTOR.reason
    with queue_database.engine.connect() as connection:
        assert [each.scope for each in pauses.list_pauses(connection)] == ["template:payouts"]


def test_a_missing_licence_pauses_the_renderer_and_fails_no_job(queue_database: QueueDatabase) -> None:
    queue_database.limits = RenderQueueSettings(pause_seconds=30)
    held, waiting = queue_database.claim_one(), queue_database.request()[0]

    queue_database.fail(held, NoCapacity("no licence"))

    assert queue_database.states() == {held.id: "pending", waiting: "pending"}
    assert queue_database.row(held.id).retry_count == 0
    assert queue_database.claim() == []
    queue_database.execute("update render_pauses set until = now() - interval '1 second'")
    assert ids_of(queue_database.claim()) == [waiting]


def test_each_pause_in_a_row_is_longer_and_a_completed_job_ends_the_row(queue_database: QueueDatabase) -> None:
    waits = []
    for _ in range(3):
        queue_database.execute("update render_instructions set due_at = now()")
        queue_database.fail(queue_database.claim_one(), NoCapacity("no licence"))
        waits += queue_database.execute("select round(extract(epoch from until - now()))::int from render_pauses")
        queue_database.execute("update render_pauses set until = now() - interval '1 second'")

    assert [row[0] for row in waits] == [30, 60, 120]
    queue_database.finish(queue_database.claim_one())
    assert queue_database.execute("select * from render_pauses") == []


def test_a_person_s_pause_is_not_shortened_by_a_missing_licence(queue_database: QueueDatabase) -> None:
    held = queue_database.claim_one()
    pauses.pause(queue_database.engine, "renderer:local", ACTOR)

    queue_database.fail(held, NoCapacity("no licence"))

    assert queue_database.execute("select until, by from render_pauses") == [(None, "eva")]


def test_a_worker_at_fault_is_quarantined_until_a_person_reinstates_it(queue_database: QueueDatabase) -> None:
    workers.register(queue_database.engine, "w1", ["local"])
    for _ in range(MAX_STRIKES):
        queue_database.fail(queue_database.claim_one(), BadWorker("the disk is full"))

    assert queue_database.claim() == []
    assert "3 failures" in str(workers.record_heartbeat(queue_database.engine, "w1"))
    assert len(queue_database.claim(worker="w2")) == 1
    assert ("worker.quarantined", None) in queue_database.events()

    workers.reinstate(queue_database.engine, "w1", ACTOR)
    assert len(queue_database.claim()) == 1


def test_a_worker_that_fails_what_others_complete_is_quarantined(queue_database: QueueDatabase) -> None:
    workers.register(queue_database.engine, "w1", ["local"])
    for _ in range(MAX_STRIKES):
        queue_database.fail(queue_database.claim_one(), RuntimeError("strange"))
        queue_database.finish(*(job for job in queue_database.claim(worker="w2")))

    assert workers.record_heartbeat(queue_database.engine, "w1") is not None


def test_failures_that_no_other_worker_avoids_are_no_strikes(queue_database: QueueDatabase) -> None:
    workers.register(queue_database.engine, "w1", ["local"])
    for _ in range(2 * MAX_STRIKES):
        queue_database.fail(queue_database.claim_one(), RuntimeError("strange"))

    assert workers.record_heartbeat(queue_database.engine, "w1") is None


def test_a_completed_job_clears_the_strikes_of_its_worker(queue_database: QueueDatabase) -> None:
    workers.register(queue_database.engine, "w1", ["local"])
    for _ in range(2 * MAX_STRIKES):
        queue_database.fail(queue_database.claim_one(), BadWorker("the disk is full"))
        queue_database.finish(*(job for job in queue_database.claim()))

    assert workers.record_heartbeat(queue_database.engine, "w1") is None


def test_only_workers_with_a_heartbeat_count_as_alive(queue_database: QueueDatabase) -> None:
    for name in ("here", "gone", "stopped"):
        workers.register(queue_database.engine, name, ["local"])
    queue_database.execute("update render_workers set seen_at = now() - interval '1 minute' where name = 'gone'")
    workers.deregister(queue_database.engine, "stopped")

    with queue_database.engine.connect() as connection:
        assert {each.name: each.is_alive for each in workers.list_workers(connection)} == {
            "here": True,
            "gone": False,
            "stopped": False,
        }
        assert workers.count_available(connection) == workers.count_available(connection, "local") == 1
        assert workers.count_available(connection, "nexrender") == 0


def test_a_worker_is_registered_for_a_day_until_it_registers_for_all(queue_database: QueueDatabase) -> None:
    def read_day() -> date | None:
        with queue_database.engine.connect() as connection:
            (member,) = workers.list_workers(connection)
        return member.day

    workers.register(queue_database.engine, "w1", ["local"], day=date(2031, 5, 4))
    assert read_day() == date(2031, 5, 4)
    workers.register(queue_database.engine, "w1", ["local"])
    assert read_day() is None


def test_an_unknown_worker_cannot_be_reinstated(queue_database: QueueDatabase) -> None:
    with pytest.raises(BadInput, match="unknown worker 'nobody'"):
        workers.reinstate(queue_database.engine, "nobody", ACTOR)


def test_a_licence_that_is_missing_for_weeks_pauses_no_longer_than_the_limit(
    queue_database: QueueDatabase,
) -> None:
    queue_database.fail(queue_database.claim_one(), NoCapacity("no licence"))
    queue_database.execute("update render_pauses set times = 1100, until = now() - interval '1 second'")

    queue_database.fail(queue_database.claim_one(), NoCapacity("no licence"))

    (row,) = queue_database.execute(
        "select round(extract(epoch from until - now()))::int as seconds from render_pauses"
    )
    assert row.seconds == 600


def test_the_name_of_an_ended_process_of_this_machine_is_free_at_once(queue_database: QueueDatabase) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    workers.register(queue_database.engine, "w1", ["local"])
    pretend_other_process(queue_database, 1)
    with pytest.raises(Conflict, match="w1"):
        workers.register(queue_database.engine, "w1", ["local"])

    pretend_other_process(queue_database, gone.pid)

    assert workers.register(queue_database.engine, "w1", ["local"]) == "w1"


def pretend_other_process(queue_database: QueueDatabase, pid: int) -> None:
    queue_database.execute("update render_workers set pid = :pid", pid=pid)
