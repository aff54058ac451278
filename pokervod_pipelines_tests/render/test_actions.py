"""Test what people do with instructions, each with an audited reason."""

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render import actions
from pokervod_pipelines.render.actions import ActionReport
from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines_tests.render.queue_database import QueueDatabase, ids_of

ACTOR = Actor(who="eva", reason="the font is back", correlation_id="c")


def fail_one(queue_database: QueueDatabase, **columns: object) -> int:
    held = queue_database.claim_one(**columns)
    queue_database.fail(held, BadInstruction("no font"))
    return held.id


def test_a_failed_instruction_is_requeued_with_all_its_retries(queue_database: QueueDatabase) -> None:
    failed = fail_one(queue_database)

    assert actions.retry(queue_database.engine, [failed], ACTOR) == ActionReport(done=(failed,), refused=())

    row = queue_database.row(failed)
    assert (row.state, row.retry_count, row.reason) == ("pending", 0, "retried: the font is back (eva)")
    (event,) = queue_database.execute("select payload from events where type = 'render.requeued'")
    assert (event.payload["by"], event.payload["reason"]) == ("eva", "the font is back")
    assert ids_of(queue_database.claim()) == [failed]


def test_those_that_cannot_be_retried_are_reported_and_the_rest_is_done(queue_database: QueueDatabase) -> None:
    failed, replaced, gone = (fail_one(queue_database) for _ in range(3))
    (waiting,) = queue_database.request()
    queue_database.execute("update render_instructions set superseded_by = :to where id = :id", to=waiting, id=replaced)
    queue_database.execute("update render_instructions set withdrawn_at = now() where id = :id", id=gone)

    report = actions.retry(queue_database.engine, [failed, replaced, gone, waiting, 999_999], ACTOR)

    assert report.done == (failed,)
    assert {number: why.split(";")[0] for number, why in report.refused} == {
        replaced: f"instruction {replaced} was replaced by instruction {waiting}",
        gone: f"instruction {gone} was withdrawn",
        waiting: f"instruction {waiting} is pending",
        999_999: "instruction 999999 is unknown",
    }


def test_pending_and_failed_ones_are_cancelled_and_running_ones_are_stopped(queue_database: QueueDatabase) -> None:
    failed, held = fail_one(queue_database), queue_database.claim_one()
    done = queue_database.claim_one()
    queue_database.finish(done)
    (waiting,) = queue_database.request()

    report = actions.cancel(queue_database.engine, [failed, held.id, done.id, waiting], ACTOR)

    assert report.done == (failed, held.id, waiting)
    assert report.refused == ((done.id, f"instruction {done.id} is already completed"),)
    assert [queue_database.row(each).state for each in (failed, held.id, waiting)] == [
        "cancelled",
        "processing",
        "cancelled",
    ]
    assert queue_database.row(held.id).cancel_requested == "the font is back (eva)"
    queue_database.finish(held)
    assert queue_database.row(held.id).state == "cancelled"


def test_a_cancelled_one_that_is_retried_is_not_stopped_once_more(queue_database: QueueDatabase) -> None:
    held = queue_database.claim_one()
    actions.cancel(queue_database.engine, [held.id], ACTOR)
    queue_database.finish(held)

    actions.retry(queue_database.engine, [held.id], ACTOR)
    (job,) = queue_database.claim()

    assert job.cancel_reason is None
    queue_database.finish(job)
    assert queue_database.row(held.id).state == "completed"


def test_a_higher_priority_is_claimed_first(queue_database: QueueDatabase) -> None:
    first, second = queue_database.request(2)
    done = queue_database.claim_one(renderer="other")
    queue_database.finish(done)

    report = actions.prioritize(queue_database.engine, [second, done.id], 1, ACTOR)

    assert report.done == (second,)
    assert "is completed; only waiting or running graphics can be re-prioritised" in report.refused[0][1]
    assert ids_of(queue_database.claim(2)) == [second, first]
    (event,) = queue_database.execute("select payload from events where type = 'render.instruction.updated'")
    assert (event.payload["priority_before"], event.payload["priority"]) == (5, 1)


@pytest.mark.parametrize("priority", [0, 11])
def test_a_priority_is_from_one_to_ten(queue_database: QueueDatabase, priority: int) -> None:
    with pytest.raises(BadInput, match="expected a priority from 1"):
        actions.prioritize(queue_database.engine, [1], priority, ACTOR)


@pytest.mark.parametrize("names", [{"who": " ", "reason": "x"}, {"who": "eva", "reason": ""}])
def test_an_action_needs_a_name_and_a_reason(names: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="is required for the audit log"):
        Actor(correlation_id="c", **names)


def test_a_completed_one_whose_file_was_lost_is_remade_as_its_next_version(queue_database: QueueDatabase) -> None:
    done = queue_database.claim_one()
    queue_database.finish(done)
    gone = queue_database.claim_one()
    queue_database.finish(gone)
    queue_database.execute("update render_instructions set withdrawn_at = now() where id = :id", id=gone.id)
    (waiting,) = queue_database.request()

    report = actions.remake(queue_database.engine, [done.id, gone.id, waiting], ACTOR)

    assert report.done == (done.id,)
    assert [(number, why.split(";")[0]) for number, why in report.refused] == [
        (gone.id, f"instruction {gone.id} was withdrawn"),
        (waiting, f"instruction {waiting} is pending"),
    ]
    successor = queue_database.row(queue_database.row(done.id).superseded_by)
    assert (successor.state, successor.version, successor.reason) == (
        "pending",
        2,
        "remade: the font is back (eva)",
    )
    assert actions.remake(queue_database.engine, [done.id], ACTOR).done == ()
