"""Test claims, leases and transitions."""

import errno
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.failures import is_transient
from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.render import queue
from pokervod_pipelines.render.failures import (
    BadInstruction,
    BadWorker,
    NoCapacity,
    SpoiledOutput,
    TooSlow,
    TransientFailure,
    classify_failure,
)
from pokervod_pipelines.render.queue import FinishedRender, requeue_lost
from pokervod_pipelines.render.queue_store import Heartbeat
from pokervod_pipelines.render.states import Job, State
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_pipeline import make_output_facts
from pokervod_pipelines_tests.render.queue_database import LIMITS, QueueDatabase, ids_of, is_completed


def test_the_highest_priority_is_claimed_first_then_the_oldest(queue_database: QueueDatabase) -> None:
    late, early, urgent = (*queue_database.request(2, priority=5), *queue_database.request(priority=1))

    assert ids_of(queue_database.claim(3)) == [urgent, late, early]


def test_old_instructions_rise_so_that_nothing_starves(queue_database: QueueDatabase) -> None:
    (old,) = queue_database.request(priority=6, minutes_ago=40)
    (fresh,) = queue_database.request(priority=5)
    (urgent,) = queue_database.request(priority=2)

    assert ids_of(queue_database.claim(3)) == [urgent, old, fresh]


def test_only_due_instructions_of_the_renderer_are_claimed(queue_database: QueueDatabase) -> None:
    queue_database.request(renderer="nexrender")
    (later,) = queue_database.request()
    queue_database.execute("update render_instructions set due_at = now() + interval '1 hour' where id = :id", id=later)
    (due,) = queue_database.request()

    assert ids_of(queue_database.claim(9)) == [due]
    assert queue_database.claim(9) == []


def test_concurrent_workers_never_claim_the_same_instruction(queue_database: QueueDatabase) -> None:
    asked = queue_database.request(60)

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda n: ids_of(queue_database.claim(10, worker=f"w{n}")), range(6)))

    assert Counter(each for ids in taken for each in ids) == Counter(asked)


def test_a_rendered_job_is_completed_with_one_output_and_its_events(queue_database: QueueDatabase) -> None:
    held = queue_database.claim_one()

    assert is_completed(queue_database.finish(held))

    row = queue_database.row(held.id)
    assert (row.state, row.progress, row.claim_id, row.reason) == ("completed", 1.0, None, "made by w1")
    assert queue_database.published == [held.id]
    assert queue_database.execute("select instruction_id, made_by from render_outputs") == [(held.id, "w1")]
    assert queue_database.events() == [("started", held.id), ("completed", held.id)]
    assert queue_database.execute("select outcome, worker from render_attempts") == [("completed", "w1")]


def test_a_late_worker_cannot_complete_a_job_that_another_has_claimed(queue_database: QueueDatabase) -> None:
    late = queue_database.claim_one(worker="late")
    queue_database.expire_lease(late.id)
    requeue_lost(queue_database.engine, LIMITS)
    (job,) = queue_database.claim(worker="next")

    assert queue_database.finish(late) == []
    assert queue_database.fail(late, TransientFailure("broke off")) is None
    assert queue_database.published == []
    assert is_completed(queue_database.finish(job))
    assert queue_database.execute("select made_by from render_outputs") == [("next",)]


def test_recording_again_because_the_answer_was_lost_changes_nothing(queue_database: QueueDatabase) -> None:
    held = queue_database.claim_one()
    queue_database.finish(held)
    before = queue_database.events()

    assert is_completed(queue_database.finish(held))
    assert queue_database.published == [held.id]
    assert queue_database.events() == before


def test_a_file_that_cannot_be_published_is_a_failure_of_the_machine(queue_database: QueueDatabase) -> None:
    held = queue_database.claim_one()

    def publish() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    settled = queue.record_results(
        queue_database.engine, LIMITS, [FinishedRender(job=held, facts=make_output_facts(held), publish=publish)]
    )

    assert [(each.state, each.kind) for each in settled.values()] == [(State.PENDING, "bad_worker")]
    assert queue_database.execute("select * from render_outputs") == []


def test_a_worker_that_freezes_while_it_publishes_loses_its_row_lock(
    queue_database: QueueDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = queue_database.claim_one()
    free = f"select id from render_instructions where id = {held.id} for update skip locked"
    seen: list[bool] = []

    def freeze() -> None:
        until = time.monotonic() + 60
        while not seen and time.monotonic() < until:
            seen.extend([True] if queue_database.execute(free) else [])

    made = FinishedRender(job=held, facts=make_output_facts(held), publish=freeze)
    with monkeypatch.context() as patched:
        patched.setattr(queue, "MAX_IDLE_SECONDS", 0.2)
        with pytest.raises(DBAPIError) as raised:
            queue.record_results(queue_database.engine, LIMITS, [made])

    assert seen == [True]
    assert is_transient(raised.value)
    assert is_completed(queue_database.finish(held))


def test_a_file_whose_publish_did_not_commit_is_deleted_unless_its_path_belongs_to_a_completed_one(
    queue_database: QueueDatabase,
) -> None:
    done, ended = queue_database.claim_one(), queue_database.claim_one()
    queue_database.finish(done)
    cleared: list[str] = []

    def make(path: str) -> FinishedRender:
        facts = replace(make_output_facts(ended), path=path)
        return FinishedRender(job=ended, facts=facts, publish=lambda: None, unpublish=lambda: cleared.append(path))

    queue.delete_unpublished(queue_database.engine, [make(make_output_facts(done).path), make("elsewhere.mov")])

    assert cleared == ["elsewhere.mov"]


SAME_PICTURES = [
    ("another", "b", "payouts", State.PENDING),
    ("another", "a", "payouts", State.COMPLETED),  # the same values, written otherwise
    ("another", None, "payouts", State.COMPLETED),  # compared with one drawn anew
    ("another", "b", "elimination", State.COMPLETED),
    ("first", "b", "payouts", State.COMPLETED),  # a next version may differ in what hardly shows
]


@pytest.mark.parametrize(("key", "content_hash", "of", "state"), SAME_PICTURES)
def test_a_file_that_shows_what_another_with_other_content_shows_is_refused(
    queue_database: QueueDatabase, key: str, content_hash: str | None, of: str, state: State
) -> None:
    first, second = queue_database.claim_one(template="payouts"), queue_database.claim_one(template=of)
    rename = "update render_instructions set trigger_key = :key, version = id where id = :id"
    for held, name in ((first, "first"), (second, key)):
        queue_database.execute(rename, key=name, id=held.id)

    def make(held: Job, content_hash: str | None) -> State:
        facts = replace(make_output_facts(held), picture_hash="same", content_hash=content_hash)
        made = FinishedRender(job=held, facts=facts, publish=lambda: None)
        return next(iter(queue.record_results(queue_database.engine, LIMITS, [made]).values())).state

    assert make(first, "a") is State.COMPLETED
    assert make(second, content_hash) is state
    if state is State.PENDING:
        assert f"what instruction {first.id} shows" in queue_database.row(second.id).reason


FAILURES = [
    (TransientFailure("the server broke off"), "transient", State.PENDING),
    (SpoiledOutput("it is black"), "transient", State.PENDING),
    (Unavailable("no answer"), "transient", State.PENDING),
    (ConnectionResetError(), "transient", State.PENDING),
    (TooSlow("stopped after 600 s"), "timeout", State.PENDING),
    (NoCapacity("no licence"), "capacity", State.PENDING),
    (BadWorker("no font"), "bad_worker", State.PENDING),
    (OSError(errno.EROFS, "Read-only file system"), "bad_worker", State.PENDING),
    (MemoryError(), "bad_worker", State.PENDING),
    (KeyError("player"), "unknown", State.PENDING),
    (BadInstruction("no such composition"), "bad_input", State.FAILED),
    (BadInput("no such layer"), "bad_input", State.FAILED),
]


@pytest.mark.parametrize(("error", "kind", "state"), FAILURES, ids=lambda value: type(value).__name__)
def test_the_type_of_a_failure_decides_the_transition(
    queue_database: QueueDatabase, error: Exception, kind: str, state: State
) -> None:
    held = queue_database.claim_one()

    transition = queue_database.fail(held, error)

    assert transition is not None
    assert (transition.kind, transition.state) == (kind, state)
    row = queue_database.row(held.id)
    assert (row.state, row.failure_kind) == (state, kind)
    assert row.retry_count == (0 if kind in {"capacity", "bad_input"} else 1)
    assert row.reason


@given(
    st.builds(OSError, st.integers(0, 200), st.text()) | st.from_type(type[BaseException]).map(BaseException.__new__)
)
def test_every_error_has_a_kind(error: BaseException) -> None:
    assert classify_failure(error) in {"transient", "timeout", "capacity", "bad_worker", "bad_input", "unknown"}


@pytest.mark.parametrize(("error", "end"), [(TransientFailure("x"), "failed"), (TooSlow("x"), "timed_out")])
def test_a_passing_failure_is_retried_until_its_retries_are_spent(
    queue_database: QueueDatabase, error: Exception, end: str
) -> None:
    (asked,) = queue_database.request()
    for attempt in range(4):
        (job,) = queue_database.claim()
        assert job.retry_count == attempt
        queue_database.fail(job, error)

    assert queue_database.row(asked).state == end
    assert queue_database.row(asked).reason == "x (4 attempts)"
    assert queue_database.claim() == []
    assert [name for name, _ in queue_database.events()][-1] == end


def test_a_retry_waits_longer_each_time(queue_database: QueueDatabase) -> None:
    queue_database.limits = RenderQueueSettings(retry_seconds=10)
    held = queue_database.claim_one()

    queue_database.fail(held, TransientFailure("x"))

    (row,) = queue_database.execute("select extract(epoch from due_at - now()) as wait from render_instructions")
    assert 4 < row.wait <= 15
    assert queue_database.claim() == []


def test_a_heartbeat_renews_the_lease_and_returns_what_should_stop(queue_database: QueueDatabase) -> None:
    held, unwanted = queue_database.claim_one(), queue_database.claim_one()
    queue_database.execute(
        "update render_instructions set cancel_requested = 'wrong player' where id = :id", id=unwanted.id
    )
    queue_database.expire_lease(held.id)

    answers = queue.renew_leases(
        queue_database.engine, LIMITS, [Heartbeat(job=held, progress=0.4), Heartbeat(job=unwanted, progress=None)]
    )

    assert answers == {held.claim_id: None, unwanted.claim_id: "wrong player"}
    assert queue_database.row(held.id).progress == pytest.approx(0.4)
    assert requeue_lost(queue_database.engine, LIMITS) == []


def test_a_heartbeat_of_a_claim_that_lost_its_instruction_is_not_answered(queue_database: QueueDatabase) -> None:
    held = queue_database.claim_one()
    queue_database.expire_lease(held.id)
    requeue_lost(queue_database.engine, LIMITS)

    assert queue.renew_leases(queue_database.engine, LIMITS, [Heartbeat(job=held, progress=0.5)]) == {}


@pytest.mark.parametrize("end", ["finish", "fail", "release", "lose"])
def test_a_cancelled_job_ends_as_cancelled_however_it_ends(queue_database: QueueDatabase, end: str) -> None:
    held = queue_database.claim_one()
    queue_database.execute("update render_instructions set cancel_requested = 'superseded: pot'")
    queue_database.expire_lease(held.id)

    if end == "finish":
        queue_database.finish(held)
    elif end == "fail":
        queue_database.fail(held, TransientFailure("x"))
    elif end == "release":
        queue.release_claims(queue_database.engine, queue_database.limits, [held], "the worker was stopped")
    else:
        requeue_lost(queue_database.engine, LIMITS)

    assert (queue_database.row(held.id).state, queue_database.row(held.id).reason) == ("cancelled", "superseded: pot")
    assert queue_database.published == []


def test_a_released_job_is_due_at_once_without_a_retry_spent(queue_database: QueueDatabase) -> None:
    held = queue_database.claim_one()

    queue.release_claims(queue_database.engine, queue_database.limits, [held], "the worker was stopped")

    assert queue_database.row(held.id).retry_count == 0
    assert ids_of(queue_database.claim(worker="w2")) == [held.id]


def test_an_expired_lease_spends_a_retry_and_in_the_end_times_out(
    queue_database: QueueDatabase,
) -> None:
    (asked,) = queue_database.request()
    seen = []
    for _ in range(4):
        queue_database.claim(worker="gone")
        queue_database.expire_lease(asked)
        seen += [each.state for each in requeue_lost(queue_database.engine, LIMITS)]

    assert seen == [State.PENDING] * 3 + [State.TIMED_OUT]
    assert "gone sent no heartbeat for" in queue_database.row(asked).reason
    assert queue_database.execute("select distinct outcome from render_attempts") == [("lost",)]


def test_a_render_over_its_time_limit_is_requeued_though_its_worker_is_alive(queue_database: QueueDatabase) -> None:
    short, long = queue_database.claim_one(), queue_database.claim_one(template="payouts")
    queue_database.execute("update render_instructions set started_at = now() - interval '11 minutes'")

    rescued = requeue_lost(queue_database.engine, LIMITS, {"payouts": 3600.0})

    assert [each.job.id for each in rescued] == [short.id]
    assert "rendered for 660 s; the limit is 600 s" in queue_database.row(short.id).reason
    assert queue_database.row(long.id).state == "processing"


def test_the_time_of_a_job_that_was_queued_at_its_renderer_starts_anew(queue_database: QueueDatabase) -> None:
    waiting, working = queue_database.claim_one(), queue_database.claim_one()
    queue_database.execute("update render_instructions set started_at = now() - interval '11 minutes'")

    beats = [Heartbeat(job=waiting, progress=None, was_queued=True), Heartbeat(job=working, progress=0.5)]
    queue.renew_leases(queue_database.engine, LIMITS, beats)

    assert [each.job.id for each in requeue_lost(queue_database.engine, LIMITS)] == [working.id]


def test_limits_of_running_jobs_hold_over_all_workers_for_renderers_and_templates(
    queue_database: QueueDatabase,
) -> None:
    queue_database.limits = RenderQueueSettings(max_running={"local": 5, "payouts": 2})
    queue_database.request(6, template="payouts", priority=1)
    queue_database.request(6)

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda n: queue_database.claim(9, worker=f"w{n}"), range(4)))

    templates = Counter(job.template for claims in taken for job in claims)
    assert templates == {"payouts": 2, "elimination": 3}


def test_a_correlation_id_goes_with_every_event_of_its_instruction(queue_database: QueueDatabase) -> None:
    correlation_id = uuid4().hex
    queue_database.request(2)
    queue_database.execute("update render_instructions set correlation_id = :id", id=correlation_id)

    queue_database.finish(*(job for job in queue_database.claim(2)))

    assert queue_database.execute("select correlation_id, count(*) from events group by 1") == [(correlation_id, 4)]


def test_a_failure_whose_text_the_database_refuses_is_recorded(queue_database: QueueDatabase) -> None:
    held = queue_database.claim_one()

    queue_database.fail(held, BadInstruction("no layer\x00 \ud800 here"))

    assert (queue_database.row(held.id).state, queue_database.row(held.id).reason) == ("failed", "no layer? ? here")


def test_a_file_never_overwrites_that_of_another_instruction(queue_database: QueueDatabase) -> None:
    first, second = queue_database.claim_one(), queue_database.claim_one()
    queue_database.finish(first)
    queue_database.execute("update render_outputs set path = :path", path=f"{second.id}.mov")

    (transition,) = queue_database.finish(second)

    assert (transition.state, transition.kind) == (State.FAILED, "bad_input")
    assert f"belongs to instruction {first.id}" in transition.reason
    assert queue_database.published == [first.id]
