"""Check what is put right in the queue without a person: by its own functions, never what a person holds or decided."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.holds.placing import place_hold
from pokervod_pipelines.holds.windows import Coverage
from pokervod_pipelines.monitoring.detectors.reading_queue import read_failed
from pokervod_pipelines.monitoring.remediation import store
from pokervod_pipelines.monitoring.remediation.shape import Outcome, RemedyKind
from pokervod_pipelines.render import actions, pauses, queue, workers
from pokervod_pipelines.render.failures import BadInstruction, BadWorker, SpoiledOutput, TooSlow
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines_tests.monitoring.remediation_place import (
    ANNA,
    AT_ONCE,
    AWAY,
    SPARED,
    Place,
    Spare,
    cancel_it,
    hold_it,
    pause_it,
    set_column,
    tell,
)
from pokervod_pipelines_tests.render.queue_database import ids_of


@pytest.fixture
def place(engine: Engine, settings_factory: Callable[..., Settings]) -> Place:
    return Place(engine, settings_factory)


@pytest.mark.parametrize(
    ("error", "is_retried"),
    [
        (AWAY, True),
        (TooSlow("no progress for 60 s"), True),
        (SpoiledOutput("frame 3 is black"), True),
        (BadWorker("the disk is full"), True),
        (ConnectionResetError("reset by peer"), True),
        (RuntimeError("a new one"), True),
        # A person corrects these: another attempt would fail as well.
        (BadInstruction("layer name is missing"), False),
    ],
)
def test_what_failed_for_what_may_pass_is_retried_and_what_never_passes_is_not(
    place: Place, error: Exception, is_retried: bool
) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good(error)

    found = place.remedy()

    assert tell(found) == ([("retry", str(id_), "done")] if is_retried else [])
    row = place.queue.row(id_)
    assert (row.state, row.retry_count) == (("pending", 0) if is_retried else ("failed", 0))


def test_what_the_queue_retries_by_itself_is_counted_and_not_done_again(place: Place) -> None:
    place.configure(**AT_ONCE)
    job = place.queue.claim_one()
    place.queue.fail(job, AWAY)

    assert place.remedy() == []
    figures = place.count(RemedyKind.RETRY)
    assert (figures.done, figures.by_queue, figures.success_rate) == (0, 1, None)


def test_each_round_waits_longer_and_the_last_leaves_it_to_a_person(place: Place) -> None:
    place.configure(retry={"rounds": 2})
    id_ = place.fail_for_good()

    assert place.remedy(4) == []
    assert len(place.remedy(5.5)) == 1
    place.fail_again(id_)
    assert place.remedy(14) == []
    [second] = place.remedy(16)
    assert second.reason.startswith("round 2 of 2, it failed (transient): the share was away")
    place.fail_again(id_)
    assert place.remedy(23 * 60) == []


@pytest.mark.parametrize(
    ("error", "minutes", "is_told"),
    [
        (AWAY, 0, False),
        (AWAY, 21, True),  # whatever the settings say, a person hears of it by then
        (BadInstruction("layer name is missing"), 0, True),
    ],
)
def test_what_may_heal_in_a_moment_is_not_told_yet(
    place: Place, error: Exception, minutes: float, is_told: bool
) -> None:
    place.fail_for_good(error)

    with place.engine.connect() as connection:
        found = read_failed(connection, place.now() + timedelta(minutes=minutes))

    assert bool(found) is is_told


def test_what_was_retried_twice_in_vain_is_told_while_it_is_retried_on(place: Place) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good()
    for _ in range(2):
        place.remedy()
        place.fail_again(id_)

    with place.engine.connect() as connection:
        assert [each.ids for each in read_failed(connection, place.now())] == [(id_,)]
    assert len(place.remedy(1)) == 1


def test_an_unknown_failure_gets_one_round(place: Place) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good(RuntimeError("a new one"))

    assert len(place.remedy()) == 1
    place.fail_again(id_, RuntimeError("a new one"))
    assert place.remedy(60) == []


@pytest.mark.parametrize("why", [*SPARED, "cancelled", "paused", "long ago"])
def test_what_a_person_holds_plans_or_decided_is_not_retried(place: Place, why: str) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good()
    others: Mapping[str, Spare] = {
        "cancelled": cancel_it,
        "paused": pause_it,
        "long ago": set_column("finished_at", "now() - interval '25 hours'"),
    }
    {**SPARED, **others}[why](place, id_)
    before = place.queue.row(id_)

    assert place.remedy(1) == []
    assert place.queue.row(id_) == before


@pytest.mark.parametrize(
    "coverage",
    [
        Coverage(kind=SubjectKind.TEMPLATE, name="payouts"),
        Coverage(kind=SubjectKind.SHEET),
        Coverage(kind=SubjectKind.INSTRUCTION, name="999"),
    ],
)
def test_a_window_of_something_else_spares_nothing(place: Place, coverage: Coverage) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good()
    place.plan(coverage)

    assert tell(place.remedy()) == [("retry", str(id_), "done")]


def test_what_is_released_is_retried(place: Place) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good()
    hold_it(place, id_)
    assert place.remedy() == []

    place.release(SubjectKind.INSTRUCTION, str(id_))

    assert tell(place.remedy()) == [("retry", str(id_), "done")]


def test_a_person_who_decides_at_the_same_moment_wins(place: Place) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good()
    with place.engine.begin() as connection:
        actions.prioritize(connection, [id_], 5, ANNA)  # refused, and its row is locked
        connection.execute(
            text("update render_instructions set state = 'cancelled' where id = :id"),
            {"id": id_},
        )
        assert place.remedy() == []

    assert place.remedy() == []
    assert place.queue.row(id_).state == "cancelled"


def test_a_lost_job_is_rescued_once_nobody_else_did(place: Place) -> None:
    early, late = place.lose(minutes=0.5), place.lose(minutes=2)

    [action] = place.remedy()

    assert tell([action]) == [("rescue", str(late), "done")]
    assert (action.before["worker"], action.after["state"]) == ("w1", "pending")
    assert (place.queue.row(late).state, place.queue.row(early).state) == ("pending", "processing")
    assert queue.requeue_lost(place.engine, place.queue.limits)[0].job.id == early
    place.queue.execute("update render_instructions set due_at = now()")
    assert sorted(ids_of(place.queue.claim(9))) == sorted([early, late])


def test_what_the_queue_rescued_is_counted_and_not_done_again(place: Place) -> None:
    place.lose()
    queue.requeue_lost(place.engine, place.queue.limits)

    assert place.remedy() == []
    assert (place.count(RemedyKind.RESCUE).done, place.count(RemedyKind.RESCUE).by_queue) == (0, 1)


def test_a_job_that_a_person_stops_ends_as_cancelled_when_it_is_rescued(place: Place) -> None:
    id_ = place.lose()
    actions.cancel(place.engine, [id_], ANNA)

    [action] = place.remedy()
    assert (action.after["state"], place.queue.row(id_).state) == ("cancelled", "cancelled")


def test_the_jobs_of_a_held_worker_or_one_worked_on_are_left_alone(place: Place) -> None:
    for name in ("w1", "w2", "w3"):
        workers.register(place.engine, name, ["local"])
    ids = [place.lose(worker=name) for name in ("w1", "w2", "w3")]
    place.hold(SubjectKind.WORKER, "w1")
    place.plan(Coverage(kind=SubjectKind.WORKER, name="w2"))

    assert tell(place.remedy()) == [("rescue", str(ids[2]), "done")]


@pytest.mark.parametrize("why", [each for each in SPARED if each not in {"withdrawn", "asked to stop"}])
def test_a_held_job_is_not_rescued(place: Place, why: str) -> None:
    id_ = place.lose()
    SPARED[why](place, id_)

    assert place.remedy() == []
    assert place.queue.row(id_).state == "processing"


def test_what_waits_for_too_long_is_raised_step_by_step_and_workers_are_woken(place: Place) -> None:
    workers.register(place.engine, "w1", ["local"])
    fresh, late = place.queue.request(2)
    place.wait(late, 31)
    with place.engine.connect() as listener:
        listener.execute(text("listen pokervod_render"))
        listener.commit()
        [action] = place.remedy()
        assert listener.connection.driver_connection is not None
        woken = [*listener.connection.driver_connection.notifies(timeout=5, stop_after=1)]

    assert tell([action]) == [("prioritize", str(late), "done")]
    assert (action.before, action.after, len(woken)) == ({"priority": 5}, {"priority": 3}, 1)
    assert place.remedy(29) == []
    assert [each.after["priority"] for each in place.remedy(30.5) if each.subject.name == str(late)] == [1]
    assert place.queue.row(fresh).priority in (3, 5)
    [last] = [each for each in place.remedy(61) if each.subject.name == str(late)]
    assert "its priority is the highest, workers woken" in last.reason


def test_nothing_is_raised_where_no_worker_could_claim_it(place: Place) -> None:
    [id_] = place.queue.request()
    place.wait(id_, 60)

    assert place.remedy() == []


def _pause_and_resume(place: Place, id_: int) -> None:
    pause_it(place, id_)
    assert pauses.resume(place.engine, "template:elimination", ANNA)


def _hold_and_release(place: Place, id_: int) -> None:
    with place.engine.begin() as connection:
        subject = Subject(kind=SubjectKind.INSTRUCTION, name=str(id_))
        place_hold(connection, subject, store.read_clock(connection) + timedelta(minutes=1), ANNA)


@pytest.mark.parametrize("keep", [_pause_and_resume, _hold_and_release])
def test_what_was_paused_or_held_waits_since_that_ended(place: Place, keep: Spare) -> None:
    [id_] = place.queue.request()
    place.wait(id_, 60)
    keep(place, id_)
    workers.register(place.engine, "w1", ["local"])

    assert [len(place.remedy(minutes)) for minutes in (2, 29, 31.5)] == [0, 0, 1]


def test_a_priority_that_a_person_set_stays(place: Place) -> None:
    workers.register(place.engine, "w1", ["local"])
    [id_] = place.queue.request()
    actions.prioritize(place.engine, [id_], 9, ANNA)
    place.wait(id_, 60)

    assert place.remedy() == []
    assert place.queue.row(id_).priority == 9


def test_a_wrong_rank_is_corrected_so_that_the_first_is_claimed_first(place: Place) -> None:
    first, second = place.queue.request(2)
    place.queue.execute("alter table render_instructions disable trigger guard_render_instruction")
    place.queue.execute("update render_instructions set rank = rank + interval '3 hours' where id = :id", id=first)
    place.queue.execute("alter table render_instructions enable trigger guard_render_instruction")

    [action] = place.remedy()

    assert tell([action]) == [("reorder", str(first), "done")]
    assert ids_of(place.queue.claim(2)) == [first, second]
    place.remedy()
    assert place.find_outcomes() == [Outcome.HELPED]


@pytest.mark.parametrize("why", SPARED)
def test_what_a_person_holds_is_neither_raised_nor_ranked_anew(place: Place, why: str) -> None:
    workers.register(place.engine, "w1", ["local"])
    [id_] = place.queue.request()
    place.wait(id_, 60)
    SPARED[why](place, id_)
    place.queue.execute("alter table render_instructions disable trigger guard_render_instruction")
    place.queue.execute("update render_instructions set rank = rank + interval '3 hours'")
    place.queue.execute("alter table render_instructions enable trigger guard_render_instruction")

    assert place.remedy() == []
