"""What people do with instructions: each with a reason that is kept."""

import pytest

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render import actions
from pokervod_pipelines.render.actions import ActionReport, Order
from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.listing import InstructionFilter
from pokervod_pipelines_tests.render.queue_desk import QueueDesk, ids_of

ORDER = Order(by="eva", reason="the font is back", correlation_id="c")


def fail_one(queue_desk: QueueDesk, **columns: object) -> int:
    held = queue_desk.take_one(**columns)
    queue_desk.fail(held, BadInstruction("no font"))
    return held.id


def test_what_failed_waits_again_with_all_its_retries(queue_desk: QueueDesk) -> None:
    failed = fail_one(queue_desk)

    assert actions.retry(queue_desk.engine, [failed], ORDER) == ActionReport(done=(failed,), refused=())

    row = queue_desk.row(failed)
    assert (row.state, row.retry_count, row.reason) == ("pending", 0, "asked again: the font is back (eva)")
    (event,) = queue_desk.execute("select payload from events where type = 'render.requeued'")
    assert (event.payload["by"], event.payload["reason"]) == ("eva", "the font is back")
    assert ids_of(queue_desk.take()) == [failed]


def test_what_cannot_be_asked_again_is_told_apart_and_the_rest_is_done(queue_desk: QueueDesk) -> None:
    failed, replaced, gone = (fail_one(queue_desk) for _ in range(3))
    (waiting,) = queue_desk.ask()
    queue_desk.execute("update render_instructions set superseded_by = :to where id = :id", to=waiting, id=replaced)
    queue_desk.execute("update render_instructions set withdrawn_at = now() where id = :id", id=gone)

    report = actions.retry(queue_desk.engine, [failed, replaced, gone, waiting, 999_999], ORDER)

    assert report.done == (failed,)
    assert {number: why.split(";")[0] for number, why in report.refused} == {
        replaced: f"instruction {waiting} took its place",
        gone: "what asked for it is gone",
        waiting: "it is pending",
        999_999: "there is no such instruction",
    }


def test_many_are_asked_again_by_what_they_have_in_common(queue_desk: QueueDesk) -> None:
    payouts, other = fail_one(queue_desk, template="payouts"), fail_one(queue_desk)
    queue_desk.ask(template="payouts")

    assert actions.bulk_retry(queue_desk.engine, InstructionFilter(template="payouts"), ORDER).done == (payouts,)
    assert queue_desk.row(other).state == "failed"
    with pytest.raises(BadInput, match="what is completed cannot be asked for again"):
        actions.bulk_retry(queue_desk.engine, InstructionFilter(states=("completed",)), ORDER)


def test_what_waits_or_failed_is_cancelled_and_what_is_in_work_is_asked_to_stop(queue_desk: QueueDesk) -> None:
    failed, held = fail_one(queue_desk), queue_desk.take_one()
    done = queue_desk.take_one()
    queue_desk.finish(done)
    (waiting,) = queue_desk.ask()

    report = actions.cancel(queue_desk.engine, [failed, held.id, done.id, waiting], ORDER)

    assert report.done == (failed, held.id, waiting)
    assert report.refused == ((done.id, "it is completed already"),)
    assert [queue_desk.row(each).state for each in (failed, held.id, waiting)] == [
        "cancelled",
        "processing",
        "cancelled",
    ]
    assert queue_desk.row(held.id).cancel_requested == "the font is back (eva)"
    queue_desk.finish(held)
    assert queue_desk.row(held.id).state == "cancelled"


def test_a_cancelled_one_that_is_asked_again_is_not_stopped_once_more(queue_desk: QueueDesk) -> None:
    held = queue_desk.take_one()
    actions.cancel(queue_desk.engine, [held.id], ORDER)
    queue_desk.finish(held)

    actions.retry(queue_desk.engine, [held.id], ORDER)
    (claim,) = queue_desk.take()

    assert claim.held.unwanted is None
    queue_desk.finish(claim.held)
    assert queue_desk.row(held.id).state == "completed"


def test_what_is_more_urgent_is_taken_first(queue_desk: QueueDesk) -> None:
    first, second = queue_desk.ask(2)
    done = queue_desk.take_one(renderer="other")
    queue_desk.finish(done)

    report = actions.prioritize(queue_desk.engine, [second, done.id], 1, ORDER)

    assert report.done == (second,)
    assert "it is completed" in report.refused[0][1]
    assert ids_of(queue_desk.take(2)) == [second, first]
    (event,) = queue_desk.execute("select payload from events where type = 'render.instruction.updated'")
    assert (event.payload["priority_before"], event.payload["priority"]) == (5, 1)


@pytest.mark.parametrize("priority", [0, 11])
def test_there_is_no_priority_but_from_one_to_ten(queue_desk: QueueDesk, priority: int) -> None:
    with pytest.raises(BadInput, match="no priority"):
        actions.prioritize(queue_desk.engine, [1], priority, ORDER)


@pytest.mark.parametrize("order", [{"by": " ", "reason": "x"}, {"by": "eva", "reason": ""}])
def test_nobody_acts_without_a_name_and_a_reason(order: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="who does it and why"):
        Order(correlation_id="c", **order)


def test_a_completed_one_whose_file_was_lost_is_made_anew_as_its_next_version(queue_desk: QueueDesk) -> None:
    done = queue_desk.take_one()
    queue_desk.finish(done)
    gone = queue_desk.take_one()
    queue_desk.finish(gone)
    queue_desk.execute("update render_instructions set withdrawn_at = now() where id = :id", id=gone.id)
    (waiting,) = queue_desk.ask()

    report = actions.remake(queue_desk.engine, [done.id, gone.id, waiting], ORDER)

    assert report.done == (done.id,)
    assert [(number, why.split(";")[0]) for number, why in report.refused] == [
        (gone.id, "what asked for it is gone"),
        (waiting, "it is pending"),
    ]
    successor = queue_desk.row(queue_desk.row(done.id).superseded_by)
    assert (successor.state, successor.version, successor.reason) == (
        "pending",
        2,
        "made anew: the font is back (eva)",
    )
    assert actions.remake(queue_desk.engine, [done.id], ORDER).done == ()
