"""How long a worker rests that found nothing: until the nearest moment that the tables know, and never in vain."""

from datetime import date

import pytest

from pokervod_pipelines.render.failures import NoCapacity, Passing
from pokervod_pipelines.render.queue import LEAST_REST, find_rest
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.queue_desk import QueueDesk

DAY, OTHER_DAY = date(2031, 5, 4), date(2031, 5, 5)
MOST = RenderQueueSettings().model_copy(update={"poll_seconds": 1_000.0})
PUT_OFF = "update render_instructions set failure_kind = 'transient', due_at = now() + interval '{}'"
PAUSED = "insert into render_pauses (scope, reason, by, until) values ('{}', 'x', 'the queue', {})"


def rest(desk: QueueDesk, day: date | None = None, looked_seconds: float = 5.0) -> float:
    return find_rest(desk.engine, MOST, renderers=["local"], looked_seconds=looked_seconds, day=day)


RESTS = [
    ("nothing waits", "delete from render_instructions", 1_000),
    ("it is put off", PUT_OFF.format("100 s"), 100),
    ("it is put off for longer than workers look", PUT_OFF.format("2 h"), 1_000),
    ("a nearer one is put off too", PUT_OFF.format("100 s") + " + (id % 2) * interval '50 s'", 100),
    ("another renderer's is", PUT_OFF.format("100 s") + ", renderer = 'nexrender'", 1_000),
    ("it was cancelled", PUT_OFF.format("100 s") + ", state = 'cancelled'", 1_000),
    ("its time came while it was looked for", PUT_OFF.format("-4 s"), LEAST_REST),
    ("its time came long before, and nobody could take it", PUT_OFF.format("-6 s"), 1_000),
    ("its renderer pauses", PAUSED.format("renderer:local", "now() + interval '70 s'"), 70),
    ("its template pauses", PAUSED.format("template:elimination", "now() + interval '70 s'"), 70),
    ("a pause ended while it was looked for", PAUSED.format("all", "now() - interval '4 s'"), LEAST_REST),
    ("a pause was over before", PAUSED.format("all", "now() - interval '6 s'"), 1_000),
    ("a person paused it", PAUSED.format("all", "null"), 1_000),
]


@pytest.mark.parametrize(("about", "then", "seconds"), RESTS, ids=lambda value: str(value)[:50])
def test_a_worker_rests_until_the_nearest_moment(queue_desk: QueueDesk, about: str, then: str, seconds: float) -> None:
    queue_desk.ask(2)
    queue_desk.execute(then)

    # The clock goes on between the statement and the look.
    assert max(LEAST_REST, seconds - 30) <= rest(queue_desk) <= seconds, about


def test_what_is_of_another_day_wakes_no_worker_of_a_day(queue_desk: QueueDesk) -> None:
    queue_desk.ask()
    queue_desk.execute(PUT_OFF.format("100 s"))

    assert rest(queue_desk, OTHER_DAY) == 1_000
    assert rest(queue_desk, DAY) <= 100


@pytest.mark.parametrize("error", [Passing("it broke off"), NoCapacity("no licence"), RuntimeError("strange")])
def test_every_failure_that_puts_off_is_foreseen(queue_desk: QueueDesk, error: Exception) -> None:
    queue_desk.limits = RenderQueueSettings(retry_seconds=60, pause_seconds=60)
    queue_desk.fail(queue_desk.take_one(), error)

    assert rest(queue_desk) <= 90


def test_what_is_put_off_is_found_by_an_index_of_its_own(queue_desk: QueueDesk) -> None:
    queue_desk.execute("""
        insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by)
        select 'elimination', '{}', '{}', '', 'person', n::text, '2031-05-04', 'eva' from generate_series(1, 5000) n
    """)
    queue_desk.execute("analyze render_instructions")

    plan = queue_desk.execute("""
        explain select min(due_at) from render_instructions where state = 'pending' and failure_kind is not null
            and renderer = any(array['local']) and due_at > now()
    """)

    assert any("ix_render_instructions_put_off" in row[0] for row in plan)
