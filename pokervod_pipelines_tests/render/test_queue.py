"""Claims, leases and what becomes of what was claimed."""

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
    Passing,
    SpoiledOutput,
    TooSlow,
    classify_failure,
)
from pokervod_pipelines.render.queue import Made
from pokervod_pipelines.render.queue_store import Beat
from pokervod_pipelines.render.rescue import rescue_lost
from pokervod_pipelines.render.states import Held, State
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_maker import name_output
from pokervod_pipelines_tests.render.queue_desk import LIMITS, QueueDesk, ids_of, is_completed


def test_the_highest_priority_is_taken_first_then_the_oldest(queue_desk: QueueDesk) -> None:
    late, early, urgent = (*queue_desk.ask(2, priority=5), *queue_desk.ask(priority=1))

    assert ids_of(queue_desk.take(3)) == [urgent, late, early]


def test_old_work_rises_so_that_nothing_starves(queue_desk: QueueDesk) -> None:
    (old,) = queue_desk.ask(priority=6, minutes_ago=40)
    (fresh,) = queue_desk.ask(priority=5)
    (urgent,) = queue_desk.ask(priority=2)

    assert ids_of(queue_desk.take(3)) == [urgent, old, fresh]


def test_a_claim_takes_only_what_is_due_of_its_renderer_and_day(queue_desk: QueueDesk) -> None:
    queue_desk.ask(renderer="nexrender")
    (later,) = queue_desk.ask()
    queue_desk.execute("update render_instructions set due_at = now() + interval '1 hour' where id = :id", id=later)
    (due,) = queue_desk.ask()

    assert ids_of(queue_desk.take(9)) == [due]
    assert queue_desk.take(9) == []


def test_workers_side_by_side_never_hold_the_same(queue_desk: QueueDesk) -> None:
    asked = queue_desk.ask(60)

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda n: ids_of(queue_desk.take(10, worker=f"w{n}")), range(6)))

    assert Counter(each for ids in taken for each in ids) == Counter(asked)


def test_what_is_made_is_completed_with_one_output_and_its_events(queue_desk: QueueDesk) -> None:
    held = queue_desk.take_one()

    assert is_completed(queue_desk.finish(held))

    row = queue_desk.row(held.id)
    assert (row.state, row.progress, row.claim_id, row.reason) == ("completed", 1.0, None, "made by w1")
    assert queue_desk.published == [held.id]
    assert queue_desk.execute("select instruction_id, made_by from render_outputs") == [(held.id, "w1")]
    assert queue_desk.events() == [("started", held.id), ("completed", held.id)]
    assert queue_desk.execute("select outcome, worker from render_attempts") == [("completed", "w1")]


def test_a_late_worker_cannot_finish_what_was_given_to_another(queue_desk: QueueDesk) -> None:
    late = queue_desk.take_one(worker="late")
    queue_desk.end_lease(late.id)
    rescue_lost(queue_desk.engine, LIMITS)
    (claim,) = queue_desk.take(worker="next")

    assert queue_desk.finish(late) == []
    assert queue_desk.fail(late, Passing("broke off")) is None
    assert queue_desk.published == []
    assert is_completed(queue_desk.finish(claim.held))
    assert queue_desk.execute("select made_by from render_outputs") == [("next",)]


def test_finishing_again_because_the_answer_was_lost_changes_nothing(queue_desk: QueueDesk) -> None:
    held = queue_desk.take_one()
    queue_desk.finish(held)
    before = queue_desk.events()

    assert is_completed(queue_desk.finish(held))
    assert queue_desk.published == [held.id]
    assert queue_desk.events() == before


def test_a_file_that_cannot_be_moved_to_its_place_is_a_failure_of_the_machine(queue_desk: QueueDesk) -> None:
    held = queue_desk.take_one()

    def publish() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    settled = queue.settle_all(queue_desk.engine, LIMITS, [Made(held=held, facts=name_output(held), publish=publish)])

    assert [(each.state, each.kind) for each in settled.values()] == [(State.PENDING, "bad_worker")]
    assert queue_desk.execute("select * from render_outputs") == []


def test_a_worker_that_is_frozen_while_it_moves_a_file_lets_go_of_the_row(
    queue_desk: QueueDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_IDLE_SECONDS", 0.2)
    held = queue_desk.take_one()
    free = f"select id from render_instructions where id = {held.id} for update skip locked"
    seen: list[bool] = []

    def freeze() -> None:
        until = time.monotonic() + 60
        while not seen and time.monotonic() < until:
            seen.extend([True] if queue_desk.execute(free) else [])

    made = Made(held=held, facts=name_output(held), publish=freeze)
    with pytest.raises(DBAPIError) as raised:
        queue.settle_all(queue_desk.engine, LIMITS, [made])

    assert seen == [True]
    assert is_transient(raised.value)
    assert is_completed(queue_desk.finish(held))


def test_a_place_is_cleared_of_what_does_not_count_unless_a_finished_graphic_lies_there(queue_desk: QueueDesk) -> None:
    done, ended = queue_desk.take_one(), queue_desk.take_one()
    queue_desk.finish(done)
    cleared: list[str] = []

    def make(path: str) -> Made:
        facts = replace(name_output(ended), path=path)
        return Made(held=ended, facts=facts, publish=lambda: None, withdraw=lambda: cleared.append(path))

    queue.take_back(queue_desk.engine, [make(name_output(done).path), make("elsewhere.mov")])

    assert cleared == ["elsewhere.mov"]


SAME_PICTURES = [
    ("another", "b", "payouts", State.PENDING),
    ("another", "a", "payouts", State.COMPLETED),  # the same values, written otherwise
    ("another", None, "payouts", State.COMPLETED),  # compared with one drawn anew
    ("another", "b", "elimination", State.COMPLETED),
    ("first", "b", "payouts", State.COMPLETED),  # a next version may differ in what hardly shows
]


@pytest.mark.parametrize(("key", "content_hash", "of", "state"), SAME_PICTURES)
def test_a_file_that_shows_what_another_shows_is_refused_when_it_ought_to_show_something_else(
    queue_desk: QueueDesk, key: str, content_hash: str | None, of: str, state: State
) -> None:
    first, second = queue_desk.take_one(template="payouts"), queue_desk.take_one(template=of)
    rename = "update render_instructions set trigger_key = :key, version = id where id = :id"
    for held, name in ((first, "first"), (second, key)):
        queue_desk.execute(rename, key=name, id=held.id)

    def make(held: Held, content_hash: str | None) -> State:
        facts = replace(name_output(held), picture_hash="same", content_hash=content_hash)
        made = Made(held=held, facts=facts, publish=lambda: None)
        return next(iter(queue.settle_all(queue_desk.engine, LIMITS, [made]).values())).state

    assert make(first, "a") is State.COMPLETED
    assert make(second, content_hash) is state
    if state is State.PENDING:
        assert f"what instruction {first.id} shows" in queue_desk.row(second.id).reason


FAILURES = [
    (Passing("the server broke off"), "transient", State.PENDING),
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
def test_what_becomes_of_a_failure_is_told_by_its_type(
    queue_desk: QueueDesk, error: Exception, kind: str, state: State
) -> None:
    held = queue_desk.take_one()

    settlement = queue_desk.fail(held, error)

    assert settlement is not None
    assert (settlement.kind, settlement.state) == (kind, state)
    row = queue_desk.row(held.id)
    assert (row.state, row.failure_kind) == (state, kind)
    assert row.retry_count == (0 if kind in {"capacity", "bad_input"} else 1)
    assert row.reason


@given(
    st.builds(OSError, st.integers(0, 200), st.text()) | st.from_type(type[BaseException]).map(BaseException.__new__)
)
def test_every_error_has_a_kind(error: BaseException) -> None:
    assert classify_failure(error) in {"transient", "timeout", "capacity", "bad_worker", "bad_input", "unknown"}


@pytest.mark.parametrize(("error", "end"), [(Passing("x"), "failed"), (TooSlow("x"), "timed_out")])
def test_a_passing_failure_is_tried_again_until_its_retries_are_spent(
    queue_desk: QueueDesk, error: Exception, end: str
) -> None:
    (asked,) = queue_desk.ask()
    for attempt in range(4):
        (claim,) = queue_desk.take()
        assert claim.held.retry_count == attempt
        queue_desk.fail(claim.held, error)

    assert queue_desk.row(asked).state == end
    assert queue_desk.row(asked).reason == "x (tried 4 times)"
    assert queue_desk.take() == []
    assert [name for name, _ in queue_desk.events()][-1] == end


def test_a_retry_waits_longer_each_time(queue_desk: QueueDesk) -> None:
    queue_desk.limits = RenderQueueSettings(retry_seconds=10)
    held = queue_desk.take_one()

    queue_desk.fail(held, Passing("x"))

    (row,) = queue_desk.execute("select extract(epoch from due_at - now()) as wait from render_instructions")
    assert 4 < row.wait <= 15
    assert queue_desk.take() == []


def test_a_heartbeat_renews_the_lease_and_tells_what_is_to_be_stopped(queue_desk: QueueDesk) -> None:
    held, unwanted = queue_desk.take_one(), queue_desk.take_one()
    queue_desk.execute(
        "update render_instructions set cancel_requested = 'wrong player' where id = :id", id=unwanted.id
    )
    queue_desk.end_lease(held.id)

    answers = queue.show_life(
        queue_desk.engine, LIMITS, [Beat(held=held, progress=0.4), Beat(held=unwanted, progress=None)]
    )

    assert answers == {held.claim_id: None, unwanted.claim_id: "wrong player"}
    assert queue_desk.row(held.id).progress == pytest.approx(0.4)
    assert rescue_lost(queue_desk.engine, LIMITS) == []


def test_a_heartbeat_of_a_claim_that_lost_its_instruction_is_not_answered(queue_desk: QueueDesk) -> None:
    held = queue_desk.take_one()
    queue_desk.end_lease(held.id)
    rescue_lost(queue_desk.engine, LIMITS)

    assert queue.show_life(queue_desk.engine, LIMITS, [Beat(held=held, progress=0.5)]) == {}


@pytest.mark.parametrize("end", ["finish", "fail", "hand_back", "lose"])
def test_what_nobody_wants_any_more_is_cancelled_however_its_work_ends(queue_desk: QueueDesk, end: str) -> None:
    held = queue_desk.take_one()
    queue_desk.execute("update render_instructions set cancel_requested = 'superseded: pot'")
    queue_desk.end_lease(held.id)

    if end == "finish":
        queue_desk.finish(held)
    elif end == "fail":
        queue_desk.fail(held, Passing("x"))
    elif end == "hand_back":
        queue.hand_back(queue_desk.engine, queue_desk.limits, [held], "the worker was stopped")
    else:
        rescue_lost(queue_desk.engine, LIMITS)

    assert (queue_desk.row(held.id).state, queue_desk.row(held.id).reason) == ("cancelled", "superseded: pot")
    assert queue_desk.published == []


def test_what_is_handed_back_waits_at_once_without_a_retry_spent(queue_desk: QueueDesk) -> None:
    held = queue_desk.take_one()

    queue.hand_back(queue_desk.engine, queue_desk.limits, [held], "the worker was stopped")

    assert queue_desk.row(held.id).retry_count == 0
    assert ids_of(queue_desk.take(worker="w2")) == [held.id]


def test_an_expired_lease_goes_back_with_a_retry_spent_and_in_the_end_is_timed_out(queue_desk: QueueDesk) -> None:
    (asked,) = queue_desk.ask()
    seen = []
    for _ in range(4):
        queue_desk.take(worker="gone")
        queue_desk.end_lease(asked)
        seen += [each.state for each in rescue_lost(queue_desk.engine, LIMITS)]

    assert seen == [State.PENDING] * 3 + [State.TIMED_OUT]
    assert "gone was not heard of for" in queue_desk.row(asked).reason
    assert queue_desk.execute("select distinct outcome from render_attempts") == [("lost",)]


def test_a_render_that_takes_too_long_is_taken_away_though_its_worker_lives(queue_desk: QueueDesk) -> None:
    short, long = queue_desk.take_one(), queue_desk.take_one(template="payouts")
    queue_desk.execute("update render_instructions set started_at = now() - interval '11 minutes'")

    rescued = rescue_lost(queue_desk.engine, LIMITS, {"payouts": 3600.0})

    assert [each.held.id for each in rescued] == [short.id]
    assert "worked on it for 660 s; it may take 600 s" in queue_desk.row(short.id).reason
    assert queue_desk.row(long.id).state == "processing"


def test_what_waits_for_its_turn_at_the_renderer_is_not_in_work_yet(queue_desk: QueueDesk) -> None:
    waiting, working = queue_desk.take_one(), queue_desk.take_one()
    queue_desk.execute("update render_instructions set started_at = now() - interval '11 minutes'")

    beats = [Beat(held=waiting, progress=None, has_waited=True), Beat(held=working, progress=0.5)]
    queue.show_life(queue_desk.engine, LIMITS, beats)

    assert [each.held.id for each in rescue_lost(queue_desk.engine, LIMITS)] == [working.id]


def test_limits_hold_over_all_workers_for_renderers_and_templates(queue_desk: QueueDesk) -> None:
    queue_desk.limits = RenderQueueSettings(max_running={"local": 5, "payouts": 2})
    queue_desk.ask(6, template="payouts", priority=1)
    queue_desk.ask(6)

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda n: queue_desk.take(9, worker=f"w{n}"), range(4)))

    templates = Counter(claim.held.template for claims in taken for claim in claims)
    assert templates == {"payouts": 2, "elimination": 3}


def test_a_correlation_id_goes_with_every_event_of_its_instruction(queue_desk: QueueDesk) -> None:
    correlation_id = uuid4().hex
    queue_desk.ask(2)
    queue_desk.execute("update render_instructions set correlation_id = :id", id=correlation_id)

    queue_desk.finish(*(claim.held for claim in queue_desk.take(2)))

    assert queue_desk.execute("select correlation_id, count(*) from events group by 1") == [(correlation_id, 4)]


def test_a_failure_whose_text_the_database_cannot_hold_is_settled_all_the_same(queue_desk: QueueDesk) -> None:
    held = queue_desk.take_one()

    queue_desk.fail(held, BadInstruction("no layer\x00 \ud800 here"))

    assert (queue_desk.row(held.id).state, queue_desk.row(held.id).reason) == ("failed", "no layer ? here")


def test_a_file_is_not_moved_upon_that_of_another(queue_desk: QueueDesk) -> None:
    first, second = queue_desk.take_one(), queue_desk.take_one()
    queue_desk.finish(first)
    queue_desk.execute("update render_outputs set path = :path", path=f"{second.id}.mov")

    (settlement,) = queue_desk.finish(second)

    assert (settlement.state, settlement.kind) == (State.FAILED, "bad_input")
    assert f"that of instruction {first.id}" in settlement.reason
    assert queue_desk.published == [first.id]
