"""Check when a breaker opens, whom it lets through, what it says, and what it costs."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.events.breakers import reset_breaker
from pokervod_pipelines.policies.breakers import BreakerOpen, find_lasting
from pokervod_pipelines_tests.policies.breaker_harness import BreakerHarness, try_enter


@pytest.fixture
def harness(engine: Engine) -> BreakerHarness:
    return BreakerHarness(engine)


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """Yield a list of all statements that are sent from now on."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(" ".join(str(arguments[2]).split()))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_it_opens_after_five_failures_in_a_row_of_all_processes(harness: BreakerHarness) -> None:
    one, other = harness.make(), harness.make()
    for breaker in (one, other, one, other):
        breaker.enter().fail("no answer")
    one.enter().succeed()
    for breaker in (one, other, one, other):
        breaker.enter().fail("no answer")
    assert harness.read().state == "closed"

    other.enter().fail("an error\x00 of theirs.")

    assert (harness.read().state, harness.list_changes()) == ("open", [("system.breaker.opened", 5)])
    for breaker in (one, other):
        with pytest.raises(BreakerOpen) as raised:
            breaker.enter()
        assert str(raised.value) == (
            "Google Sheets does not answer: 5 failures in a row, the last at 12:00:00: an error\ufffd of theirs; "
            "next try at 12:01:00, or at once after `pokervod breakers reset sheets --reason …`."
        )


def test_after_a_minute_one_call_tries_and_its_success_closes(harness: BreakerHarness) -> None:
    one, other = harness.make(), harness.make()
    harness.open(one)
    harness.wait(59)
    assert (try_enter(one), try_enter(other)) == (None, None)
    harness.wait(1)
    assert harness.read().state == "half-open"

    probe = other.enter()

    assert probe.is_probe
    assert (try_enter(one), try_enter(other)) == (None, None)
    probe.succeed()
    assert not one.enter().is_probe
    assert harness.read().failures == 0
    assert harness.list_changes() == [("system.breaker.opened", 5), ("system.breaker.closed", 5)]
    assert len(harness.execute("select distinct correlation_id from events")) == 1


def test_a_probe_that_fails_keeps_it_open_for_another_minute(harness: BreakerHarness) -> None:
    breaker = harness.make()
    harness.open(breaker)
    harness.wait(60)
    breaker.enter().fail("still no answer")
    harness.wait(59)

    with pytest.raises(
        BreakerOpen, match="6 failures in a row, the last at 12:01:00: still no answer; next try at 12:"
    ):
        breaker.enter()
    harness.wait(1)
    assert breaker.enter().is_probe
    assert harness.list_changes() == [("system.breaker.opened", 5)]


def test_the_lease_of_a_probe_that_died_ends(harness: BreakerHarness) -> None:
    one, other = harness.make(), harness.make()
    harness.open(one)
    harness.wait(60)
    dead = one.enter()
    harness.wait(29)
    assert try_enter(other) is None
    harness.wait(1)

    probe = other.enter()

    assert probe.is_probe
    dead.fail("it lived after all")
    assert try_enter(one) is None, "the second probe still has it"
    assert harness.read().failures == 5
    probe.succeed()
    assert harness.read().state == "closed"


@pytest.mark.parametrize("end", ["abandon", "error"])
def test_a_probe_without_an_end_leaves_it_to_the_next_call(harness: BreakerHarness, end: str) -> None:
    breaker = harness.make()
    harness.open(breaker)
    harness.wait(60)
    if end == "abandon":
        breaker.enter().abandon()
    else:
        with pytest.raises(ZeroDivisionError), breaker.enter():
            _ = 1 / 0

    assert breaker.enter().is_probe
    assert harness.read().failures == 5


def test_what_began_before_it_opened_ends_as_it_ends(harness: BreakerHarness) -> None:
    breaker = harness.make()
    early, late = breaker.enter(), breaker.enter()
    harness.open(breaker)
    early.fail("no answer")
    assert harness.read().failures == 5, "only a probe counts while it is open"

    late.succeed()

    assert harness.read().state == "closed"
    assert breaker.join().is_probe is False


def test_a_person_lets_it_try_at_once_and_signs_for_it(harness: BreakerHarness) -> None:
    breaker = harness.make()
    harness.open(breaker)
    for _ in range(2):
        with harness.engine.begin() as connection:
            reset_breaker(connection, "sheets", Actor(who="ana", reason="they repaired it", correlation_id="reset"))

    assert try_enter(breaker)
    assert harness.list_changes() == [("system.breaker.opened", 5), ("system.breaker.reset", 5)]
    [payload] = harness.execute("select payload from events where correlation_id = 'reset'")
    assert (payload[0]["by"], payload[0]["reason"], payload[0]["error"]) == ("ana", "they repaired it", "no answer")


def test_at_rest_it_is_looked_at_once_in_a_while_and_never_written_to(
    harness: BreakerHarness, statements: list[str]
) -> None:
    harness.look_seconds = 60.0
    breaker = harness.make()
    for _ in range(100):
        with breaker.enter():
            pass

    assert len(statements) == 1
    assert statements[0].startswith("select name, failures")
    assert harness.read().last_error is None


def test_a_success_without_a_failure_before_it_writes_nothing(harness: BreakerHarness, statements: list[str]) -> None:
    breaker = harness.make()
    breaker.enter().fail("no answer")
    for _ in range(3):
        breaker.enter().succeed()

    assert sum(" update breakers " in each for each in statements) == 1
    assert harness.read().failures == 0


@pytest.mark.parametrize("state", ["closed", "open"])
def test_without_the_database_every_call_is_let_through(harness: BreakerHarness, state: str) -> None:
    if state == "open":
        harness.open(harness.make())
    engine = make_engine("postgresql://nobody@127.0.0.1:1/pokervod")
    tries: list[object] = []
    event.listen(engine, "do_connect", lambda *given: tries.append(given))
    away = BreakerHarness(engine).make()
    for _ in range(100):
        with away.enter():
            pass
    assert len(tries) == 1, "each may take its time limit"

    for end in ("succeed", "fail", "abandon"):
        call = away.enter()
        call.fail("no answer") if end == "fail" else getattr(call, end)()


def test_a_table_that_is_missing_stops_no_call(harness: BreakerHarness) -> None:
    """A process of the next version, before the schema is upgraded, or of this one after a step down."""
    with harness.engine.begin() as connection:
        connection.execute(text("alter table breakers rename to breakers_elsewhere"))
    try:
        harness.open(harness.make())
        assert harness.make().enter().is_probe is False
    finally:
        with harness.engine.begin() as connection:
            connection.execute(text("alter table breakers_elsewhere rename to breakers"))


def test_what_is_recorded_of_a_refusal_has_no_times_in_it(harness: BreakerHarness) -> None:
    breaker = harness.make()
    harness.open(breaker, error="read: no answer")
    lasting = set()
    for _ in range(2):
        with pytest.raises(BreakerOpen, match="next try at") as raised:
            breaker.enter()
        lasting.add(find_lasting(raised.value))
        harness.wait(60)
        breaker.enter().fail("read: no answer")

    assert lasting == {"Google Sheets does not answer: read: no answer"}
    assert find_lasting(BreakerOpen("", lasting="Google cannot be reached.")) == "Google cannot be reached."
    assert find_lasting(ValueError("x")) == "x"
