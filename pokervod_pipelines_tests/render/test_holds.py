"""Check that the queue leaves alone what a person holds, however many workers claim at that moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.holds.listing import find_holds
from pokervod_pipelines.holds.placing import end_expired, name_holdable, place_hold, release_holds
from pokervod_pipelines.render import actions, queue, workers
from pokervod_pipelines.render.failures import TransientFailure
from pokervod_pipelines.render.queue import MIN_WAIT_SECONDS, requeue_lost
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines_tests.render.queue_database import LIMITS, QueueDatabase, ids_of

ANNA, BEN = Actor(who="anna", reason="wrong player"), Actor(who="ben", reason="not yet")


def hold(database: QueueDatabase, kind: str, name: object, *, hours: float | None = None, actor: Actor = ANNA) -> None:
    until = None if hours is None else datetime.now(UTC) + timedelta(hours=hours)
    with database.engine.begin() as connection:
        place_hold(connection, name_holdable(kind, str(name)), until, actor)


def release(database: QueueDatabase, kind: str, name: object, *, actor: Actor = ANNA) -> None:
    with database.engine.begin() as connection:
        release_holds(connection, name_holdable(kind, str(name)), actor)


def pass_time(database: QueueDatabase) -> None:
    """Let the holds be over by their own time; the queue's rows follow, as if that time had been told before."""
    database.execute("update holds set placed_at = now() - interval '2 h', until = now() - interval '1 h'")


def list_held(database: QueueDatabase) -> set[str]:
    with database.engine.connect() as connection:
        return set(find_holds(connection, SubjectKind.INSTRUCTION))


@pytest.mark.parametrize("limits", [LIMITS, RenderQueueSettings(retry_seconds=0, max_running={"local": 100})])
def test_four_workers_never_claim_what_is_held(queue_database: QueueDatabase, limits: RenderQueueSettings) -> None:
    queue_database.limits = limits
    asked = queue_database.request(40)
    held = set(asked[::3])
    for each in held:
        hold(queue_database, "instruction", each, hours=1)

    with ThreadPoolExecutor(4) as pool:
        taken = [*pool.map(lambda n: ids_of(queue_database.claim(20, worker=f"w{n}")), range(4))]

    assert sorted(each for ids in taken for each in ids) == sorted({*asked} - held)
    assert {queue_database.states()[each] for each in held} == {"pending"}


def test_what_is_held_while_workers_claim_is_claimed_before_or_not_at_all(queue_database: QueueDatabase) -> None:
    """Each hold returns what it holds: pending, never claimed after; or processing already, and it may finish."""
    asked, after = queue_database.request(60), {}
    begin = threading.Barrier(5)

    def work(number: int) -> list[int]:
        begin.wait()
        taken: list[int] = []
        while claimed := ids_of(queue_database.claim(1, worker=f"w{number}")):
            taken += claimed
        return taken

    def hold_all() -> list[int]:
        begin.wait()
        for each in reversed(asked):
            hold(queue_database, "instruction", each)
            after[each] = queue_database.states()[each]
        return []

    with ThreadPoolExecutor(5) as pool:
        jobs = [*(pool.submit(work, number) for number in range(4)), pool.submit(hold_all)]
        taken = {each for job in jobs for each in job.result()}

    assert taken == {each for each, state in after.items() if state == "processing"}
    assert list_held(queue_database) == {*map(str, asked)}


def test_it_is_claimed_once_the_hold_is_over(queue_database: QueueDatabase) -> None:
    (asked,) = queue_database.request()
    hold(queue_database, "instruction", asked, hours=1)
    assert queue_database.claim() == []

    pass_time(queue_database)

    assert ids_of(queue_database.claim()) == [asked]
    with queue_database.engine.begin() as connection:
        assert [each.by for each in end_expired(connection)] == ["anna"]


def test_it_is_claimed_when_the_last_of_two_people_has_released_it(queue_database: QueueDatabase) -> None:
    (asked,) = queue_database.request()
    hold(queue_database, "instruction", asked, hours=1)
    hold(queue_database, "instruction", asked, actor=BEN)

    release(queue_database, "instruction", asked, actor=BEN)
    still = queue_database.claim()
    release(queue_database, "instruction", asked)

    assert still == []
    assert ids_of(queue_database.claim()) == [asked]


def test_a_job_that_is_held_may_finish(queue_database: QueueDatabase) -> None:
    job = queue_database.claim_one()
    hold(queue_database, "instruction", job.id)

    assert [each.state for each in queue_database.finish(job)] == ["completed"]


@pytest.mark.parametrize("how", ["failed", "lost"])
def test_a_held_job_that_ends_otherwise_is_not_claimed_again(queue_database: QueueDatabase, how: str) -> None:
    job = queue_database.claim_one()
    hold(queue_database, "instruction", job.id)

    if how == "failed":
        queue_database.fail(job, TransientFailure("it broke off"))
    else:
        queue_database.expire_lease(job.id)
        requeue_lost(queue_database.engine, queue_database.limits)

    assert queue_database.row(job.id).state == "pending"
    assert queue_database.claim() == []


def test_a_held_worker_claims_nothing_and_another_does(queue_database: QueueDatabase) -> None:
    workers.register(queue_database.engine, "w1", ["local"])
    (asked,) = queue_database.request()
    hold(queue_database, "worker", "w1", hours=1)

    by_held = queue_database.claim(worker="w1")
    with queue_database.engine.connect() as connection:
        available = workers.count_available(connection)
    by_other = ids_of(queue_database.claim(worker="w2"))

    assert (by_held, available, by_other) == ([], 0, [asked])
    queue_database.request()
    release(queue_database, "worker", "w1")
    assert len(queue_database.claim(worker="w1")) == 1


def test_a_worker_that_starts_again_is_still_held(queue_database: QueueDatabase) -> None:
    workers.register(queue_database.engine, "w1", ["local"])
    hold(queue_database, "worker", "w1", hours=1)
    workers.deregister(queue_database.engine, "w1")
    workers.register(queue_database.engine, "w1", ["local"])
    queue_database.request()

    assert queue_database.claim(worker="w1") == []


def test_the_next_version_of_a_held_instruction_is_held(queue_database: QueueDatabase) -> None:
    job = queue_database.claim_one()
    queue_database.finish(job)
    hold(queue_database, "instruction", job.id, hours=1)
    hold(queue_database, "instruction", job.id, actor=BEN)

    actions.remake(queue_database.engine, [job.id], Actor(who="eva", reason="it was lost"))

    following = queue_database.row(job.id).superseded_by
    assert queue_database.claim() == []
    assert list_held(queue_database) == {str(following)}
    release(queue_database, "instruction", following)
    release(queue_database, "instruction", following, actor=BEN)
    assert ids_of(queue_database.claim()) == [following]


def test_a_version_that_was_replaced_cannot_be_held(queue_database: QueueDatabase) -> None:
    job = queue_database.claim_one()
    queue_database.finish(job)
    actions.remake(queue_database.engine, [job.id], Actor(who="eva", reason="it was lost"))
    following = queue_database.row(job.id).superseded_by

    with pytest.raises(Conflict, match=f"instruction {job.id} was replaced by instruction {following}; hold that one"):
        hold(queue_database, "instruction", job.id)


def test_a_worker_wakes_when_a_hold_ends(queue_database: QueueDatabase) -> None:
    limits = RenderQueueSettings().model_copy(update={"poll_seconds": 10_000.0})
    (asked,) = queue_database.request()

    def find_wait() -> float:
        return queue.find_wait_seconds(queue_database.engine, limits, renderers=["local"], searched_seconds=60)

    before = find_wait()
    hold(queue_database, "instruction", asked, hours=1)
    while_held = find_wait()
    queue_database.execute(
        "update holds set placed_at = now() - interval '1 h', until = now() - interval '4 s'",
    )
    after = find_wait()

    assert before == 10_000
    assert 3_500 < while_held <= 3_600
    assert after == MIN_WAIT_SECONDS
