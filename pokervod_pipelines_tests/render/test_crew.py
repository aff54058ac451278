"""Pauses, and workers that are set aside."""

import subprocess
from datetime import date

import pytest

from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.render import crew, pauses
from pokervod_pipelines.render.crew import MOST_STRIKES
from pokervod_pipelines.render.failures import BadWorker, NoCapacity
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.queue_desk import QueueDesk, ids_of

WHO = {"reason": "new graphics at noon", "by": "eva", "correlation_id": "c"}


@pytest.mark.parametrize("scope", ["all", "renderer:local", "template:elimination"])
def test_nothing_of_a_paused_scope_is_taken_until_it_is_resumed(queue_desk: QueueDesk, scope: str) -> None:
    held = queue_desk.take_one()
    (waiting,) = queue_desk.ask()
    pauses.pause(queue_desk.engine, scope, **WHO)

    assert queue_desk.take() == []
    assert len(queue_desk.finish(held)) == 1
    assert pauses.resume(queue_desk.engine, scope, **WHO)
    assert ids_of(queue_desk.take()) == [waiting]
    assert not pauses.resume(queue_desk.engine, scope, **WHO)


def test_a_pause_leaves_other_scopes_alone_and_is_told_with_its_reason(queue_desk: QueueDesk) -> None:
    queue_desk.ask()
    pauses.pause(queue_desk.engine, "template:payouts", **WHO)

    assert len(queue_desk.take()) == 1
    (event,) = queue_desk.execute("select payload from events where type = 'render.paused'")
    assert event.payload["reason"] == WHO["reason"]
    with queue_desk.engine.connect() as connection:
        assert [each.scope for each in pauses.list_pauses(connection)] == ["template:payouts"]


def test_want_of_a_licence_pauses_the_renderer_and_kills_no_job(queue_desk: QueueDesk) -> None:
    queue_desk.limits = RenderQueueSettings(pause_seconds=30)
    held, waiting = queue_desk.take_one(), queue_desk.ask()[0]

    queue_desk.fail(held, NoCapacity("no licence"))

    assert queue_desk.states() == {held.id: "pending", waiting: "pending"}
    assert queue_desk.row(held.id).retry_count == 0
    assert queue_desk.take() == []
    queue_desk.execute("update render_pauses set until = now() - interval '1 second'")
    assert ids_of(queue_desk.take()) == [waiting]


def test_each_pause_in_a_row_is_longer_and_a_finished_graphic_ends_the_row(queue_desk: QueueDesk) -> None:
    waits = []
    for _ in range(3):
        queue_desk.execute("update render_instructions set due_at = now()")
        queue_desk.fail(queue_desk.take_one(), NoCapacity("no licence"))
        waits += queue_desk.execute("select round(extract(epoch from until - now()))::int from render_pauses")
        queue_desk.execute("update render_pauses set until = now() - interval '1 second'")

    assert [row[0] for row in waits] == [30, 60, 120]
    queue_desk.finish(queue_desk.take_one())
    assert queue_desk.execute("select * from render_pauses") == []


def test_a_person_s_pause_is_not_shortened_by_want_of_a_licence(queue_desk: QueueDesk) -> None:
    held = queue_desk.take_one()
    pauses.pause(queue_desk.engine, "renderer:local", **WHO)

    queue_desk.fail(held, NoCapacity("no licence"))

    assert queue_desk.execute("select until, by from render_pauses") == [(None, "eva")]


def test_a_worker_at_fault_is_set_aside_and_given_work_again_by_a_person(queue_desk: QueueDesk) -> None:
    crew.sign_on(queue_desk.engine, "w1", ["local"])
    for _ in range(MOST_STRIKES):
        queue_desk.fail(queue_desk.take_one(), BadWorker("the disk is full"))

    assert queue_desk.take() == []
    assert "3 failures" in str(crew.show_presence(queue_desk.engine, "w1"))
    assert len(queue_desk.take(worker="w2")) == 1
    assert ("worker.set_aside", None) in queue_desk.events()

    crew.take_back(queue_desk.engine, "w1", **WHO)
    assert len(queue_desk.take()) == 1


def test_a_worker_that_fails_what_others_finish_is_set_aside(queue_desk: QueueDesk) -> None:
    crew.sign_on(queue_desk.engine, "w1", ["local"])
    for _ in range(MOST_STRIKES):
        queue_desk.fail(queue_desk.take_one(), RuntimeError("strange"))
        queue_desk.finish(*(claim.held for claim in queue_desk.take(worker="w2")))

    assert crew.show_presence(queue_desk.engine, "w1") is not None


def test_failures_that_nobody_does_better_are_not_held_against_a_worker(queue_desk: QueueDesk) -> None:
    crew.sign_on(queue_desk.engine, "w1", ["local"])
    for _ in range(2 * MOST_STRIKES):
        queue_desk.fail(queue_desk.take_one(), RuntimeError("strange"))

    assert crew.show_presence(queue_desk.engine, "w1") is None


def test_a_graphic_of_its_own_clears_a_worker(queue_desk: QueueDesk) -> None:
    crew.sign_on(queue_desk.engine, "w1", ["local"])
    for _ in range(2 * MOST_STRIKES):
        queue_desk.fail(queue_desk.take_one(), BadWorker("the disk is full"))
        queue_desk.finish(*(claim.held for claim in queue_desk.take()))

    assert crew.show_presence(queue_desk.engine, "w1") is None


def test_only_the_living_count_as_alive(queue_desk: QueueDesk) -> None:
    for name in ("here", "gone", "stopped"):
        crew.sign_on(queue_desk.engine, name, ["local"])
    queue_desk.execute("update render_workers set seen_at = now() - interval '1 minute' where name = 'gone'")
    crew.sign_off(queue_desk.engine, "stopped")

    with queue_desk.engine.connect() as connection:
        assert {each.name: each.is_alive for each in crew.list_crew(connection)} == {
            "here": True,
            "gone": False,
            "stopped": False,
        }
        assert crew.count_alive(connection) == crew.count_alive(connection, "local") == 1
        assert crew.count_alive(connection, "nexrender") == 0


def test_a_worker_says_for_which_day_it_works_until_it_signs_on_for_all(queue_desk: QueueDesk) -> None:
    def read_day() -> date | None:
        with queue_desk.engine.connect() as connection:
            (member,) = crew.list_crew(connection)
        return member.day

    crew.sign_on(queue_desk.engine, "w1", ["local"], day=date(2031, 5, 4))
    assert read_day() == date(2031, 5, 4)
    crew.sign_on(queue_desk.engine, "w1", ["local"])
    assert read_day() is None


def test_nobody_takes_back_who_is_not_there(queue_desk: QueueDesk) -> None:
    with pytest.raises(BadInput, match="no worker 'nobody'"):
        crew.take_back(queue_desk.engine, "nobody", **WHO)


def test_a_licence_that_is_missing_for_weeks_pauses_no_longer_than_the_longest_wait(queue_desk: QueueDesk) -> None:
    queue_desk.fail(queue_desk.take_one(), NoCapacity("no licence"))
    queue_desk.execute("update render_pauses set times = 1100, until = now() - interval '1 second'")

    queue_desk.fail(queue_desk.take_one(), NoCapacity("no licence"))

    (row,) = queue_desk.execute("select round(extract(epoch from until - now()))::int as seconds from render_pauses")
    assert row.seconds == 600


def test_a_name_whose_process_is_gone_from_this_machine_is_free_at_once(queue_desk: QueueDesk) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    crew.sign_on(queue_desk.engine, "w1", ["local"])
    pretend_other_process(queue_desk, 1)
    with pytest.raises(Conflict, match="w1"):
        crew.sign_on(queue_desk.engine, "w1", ["local"])

    pretend_other_process(queue_desk, gone.pid)

    assert crew.sign_on(queue_desk.engine, "w1", ["local"]) == "w1"


def pretend_other_process(queue_desk: QueueDesk, pid: int) -> None:
    queue_desk.execute("update render_workers set pid = :pid", pid=pid)
