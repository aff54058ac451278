"""Check which instructions an action by filter changes, what it leaves out and why, and that it is done once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.holds.placing import name_holdable, place_hold
from pokervod_pipelines.periods import Period
from pokervod_pipelines.render.bulk import BulkReport, bulk_cancel, bulk_prioritize, bulk_retry
from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.listing import InstructionFilter
from pokervod_pipelines_tests.render.queue_database import QueueDatabase

ACTOR = Actor(who="eva", reason="the font is there")
LAST_HOUR = Period(since=datetime.now(UTC) - timedelta(hours=1))


def fail_one(database: QueueDatabase, error: str = "the font is missing", **columns: Any) -> int:
    """Request a graphic and let it fail for good; return its id."""
    job = database.claim_one(**columns)
    database.fail(job, BadInstruction(error))
    return job.id


def retry(database: QueueDatabase, filters: InstructionFilter | None = None, **options: Any) -> BulkReport:
    with database.engine.begin() as connection:
        return bulk_retry(connection, filters or InstructionFilter(), ACTOR, **options)


def hold(database: QueueDatabase, number: int) -> None:
    with database.engine.begin() as connection:
        place_hold(connection, name_holdable("instruction", str(number)), None, Actor(who="anna", reason="not yet"))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"old", "payouts", "urgent", "disk"}),
        ({"template": "payouts"}, {"payouts"}),
        ({"priority": 1}, {"urgent"}),
        ({"error": "DISK"}, {"disk"}),
        ({"created": LAST_HOUR}, {"payouts", "urgent", "disk"}),
        ({"created": Period(until=LAST_HOUR.since)}, {"old"}),
        ({"period": Period(until=LAST_HOUR.since)}, set()),
        ({"states": ("timed_out",)}, set()),
        ({"template": "payouts", "error": "disk"}, set()),
    ],
)
def test_what_fits_is_retried(queue_database: QueueDatabase, filters: dict[str, Any], expected: set[str]) -> None:
    ids = {
        fail_one(queue_database, minutes_ago=90): "old",
        fail_one(queue_database, template="payouts"): "payouts",
        fail_one(queue_database, priority=1): "urgent",
        fail_one(queue_database, error="the disk is full"): "disk",
    }
    (waiting,) = queue_database.request(template="payouts")

    preview = retry(queue_database, InstructionFilter(**filters), dry_run=True)
    unchanged = queue_database.states()
    report = retry(queue_database, InstructionFilter(**filters))

    assert {ids[each] for each in report.ids} == expected
    assert (preview.ids, preview.is_preview, report.is_preview) == (report.ids, True, False)
    assert set(unchanged.values()) == {"failed", "pending"}
    assert {each for each, state in queue_database.states().items() if state == "pending"} == {*report.ids, waiting}


def test_a_retry_is_signed_and_done_once(queue_database: QueueDatabase) -> None:
    number = fail_one(queue_database)

    first, second = retry(queue_database), retry(queue_database)

    assert (first.ids, second.ids) == ([number], [])
    assert (first.states, first.failure_kinds) == ({"failed": 1}, {"bad_input": 1})
    signed = queue_database.execute("select payload ->> 'by' from events where type = 'render.requeued'")
    assert signed == [("eva",)]


def test_what_a_person_holds_is_left_out_and_named(queue_database: QueueDatabase) -> None:
    held, free = fail_one(queue_database), fail_one(queue_database)
    hold(queue_database, held)

    report = retry(queue_database)

    assert report.ids == [free]
    assert report.refused == ((held, f"instruction {held} is held by anna: not yet"),)
    assert queue_database.states()[held] == "failed"


def test_what_the_preview_did_not_have_is_left_out(queue_database: QueueDatabase) -> None:
    shown = fail_one(queue_database)
    preview = retry(queue_database, dry_run=True)
    fail_one(queue_database)

    assert retry(queue_database, only=preview.ids).ids == [shown]


def test_pending_ones_are_cancelled_and_prioritised_by_filter(queue_database: QueueDatabase) -> None:
    (payouts,), (other,) = queue_database.request(template="payouts"), queue_database.request()
    of_payouts = InstructionFilter(template="payouts")

    with queue_database.engine.begin() as connection:
        raised = bulk_prioritize(connection, of_payouts, 2, ACTOR)
        again = bulk_prioritize(connection, of_payouts, 2, ACTOR)
        priorities = {payouts: queue_database.row(payouts).priority, other: queue_database.row(other).priority}
    with queue_database.engine.begin() as connection:
        cancelled = bulk_cancel(connection, of_payouts, ACTOR)

    assert (raised.ids, again.ids, cancelled.ids) == ([payouts], [], [payouts])
    assert priorities == {payouts: 5, other: 5}, "not committed yet"
    assert queue_database.row(payouts).priority == 2
    assert queue_database.states() == {payouts: "cancelled", other: "pending"}


def test_what_cannot_be_done_is_refused(queue_database: QueueDatabase) -> None:
    with queue_database.engine.begin() as connection:
        with pytest.raises(BadInput, match="completed instructions cannot be retried"):
            bulk_retry(connection, InstructionFilter(states=("completed",)), ACTOR)
        with pytest.raises(BadInput, match="completed instructions cannot be cancelled"):
            bulk_cancel(connection, InstructionFilter(states=("completed",), template="payouts"), ACTOR)
        with pytest.raises(BadInput, match="that would be all instructions"):
            bulk_cancel(connection, InstructionFilter(states=("pending",)), ACTOR)
        with pytest.raises(BadInput, match="expected a priority from 1"):
            bulk_prioritize(connection, InstructionFilter(template="payouts"), 11, ACTOR)
        with pytest.raises(BadInput, match="--reason is required"):
            bulk_retry(connection, InstructionFilter(), None)
