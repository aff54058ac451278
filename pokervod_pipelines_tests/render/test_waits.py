"""Check how long a worker waits that found nothing: until the next due time or end of a pause."""

from datetime import date

import pytest

from pokervod_pipelines.render.failures import NoCapacity, TransientFailure
from pokervod_pipelines.render.queue import MIN_WAIT_SECONDS, find_wait_seconds
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.queue_database import QueueDatabase

DAY, OTHER_DAY = date(2031, 5, 4), date(2031, 5, 5)
LIMITS = RenderQueueSettings().model_copy(update={"poll_seconds": 1_000.0})
RETRY = "update render_instructions set failure_kind = 'transient', due_at = now() + interval '{}'"
PAUSED = "insert into render_pauses (scope, reason, by, until) values ('{}', 'x', 'the queue', {})"


def find_wait(database: QueueDatabase, day: date | None = None, searched_seconds: float = 60.0) -> float:
    return find_wait_seconds(database.engine, LIMITS, renderers=["local"], searched_seconds=searched_seconds, day=day)


WAITS = [
    ("nothing is pending", "delete from render_instructions", 1_000),
    ("its retry is due later", RETRY.format("100 s"), 100),
    ("its retry is due after the next poll", RETRY.format("2 h"), 1_000),
    ("an earlier retry is due too", RETRY.format("100 s") + " + (id % 2) * interval '50 s'", 100),
    ("another renderer's is", RETRY.format("100 s") + ", renderer = 'nexrender'", 1_000),
    ("it was cancelled", RETRY.format("100 s") + ", state = 'cancelled'", 1_000),
    ("it came due during the search", RETRY.format("-4 s"), MIN_WAIT_SECONDS),
    ("it came due long before, and no worker could claim it", RETRY.format("-90 s"), 1_000),
    ("its renderer pauses", PAUSED.format("renderer:local", "now() + interval '70 s'"), 70),
    ("its template pauses", PAUSED.format("template:elimination", "now() + interval '70 s'"), 70),
    ("a pause ended during the search", PAUSED.format("all", "now() - interval '4 s'"), MIN_WAIT_SECONDS),
    ("a pause was over before", PAUSED.format("all", "now() - interval '90 s'"), 1_000),
    ("a person paused it", PAUSED.format("all", "null"), 1_000),
]


@pytest.mark.parametrize(("about", "then", "seconds"), WAITS, ids=lambda value: str(value)[:50])
def test_a_worker_waits_until_the_next_due_time(
    queue_database: QueueDatabase, about: str, then: str, seconds: float
) -> None:
    queue_database.request(2)
    queue_database.execute(then)

    # Time passes between the two statements.
    assert max(MIN_WAIT_SECONDS, seconds - 30) <= find_wait(queue_database) <= seconds, about


def test_another_day_wakes_no_worker_of_a_day(queue_database: QueueDatabase) -> None:
    queue_database.request()
    queue_database.execute(RETRY.format("100 s"))

    assert find_wait(queue_database, OTHER_DAY) == 1_000
    assert find_wait(queue_database, DAY) <= 100


@pytest.mark.parametrize("error", [TransientFailure("it broke off"), NoCapacity("no licence"), RuntimeError("strange")])
def test_every_retry_is_foreseen(queue_database: QueueDatabase, error: Exception) -> None:
    queue_database.limits = RenderQueueSettings(retry_seconds=60, pause_seconds=60)
    queue_database.fail(queue_database.claim_one(), error)

    assert find_wait(queue_database) <= 90


def test_retries_are_found_by_an_index_of_their_own(queue_database: QueueDatabase) -> None:
    queue_database.execute("""
        insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by)
        select 'elimination', '{}', '{}', '', 'person', n::text, '2031-05-04', 'eva' from generate_series(1, 5000) n
    """)
    queue_database.execute("analyze render_instructions")

    plan = queue_database.execute("""
        explain select min(due_at) from render_instructions where state = 'pending' and failure_kind is not null
            and renderer = any(array['local']) and due_at > now()
    """)

    assert any("ix_render_instructions_put_off" in row[0] for row in plan)
