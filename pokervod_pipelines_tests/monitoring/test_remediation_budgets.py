"""Check how hands and services are put right without a person, and that no budget is exceeded, whatever happens."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.holds.windows import Coverage
from pokervod_pipelines.monitoring.remediation import store
from pokervod_pipelines.monitoring.remediation.remediate import remediate
from pokervod_pipelines.monitoring.remediation.shape import ActionState, Deed, Outcome, RemedyAction, RemedyKind
from pokervod_pipelines.policies.blocks import NEXRENDER, BreakerRule
from pokervod_pipelines.policies.breakers import BreakerOptions
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines_tests.monitoring.remediation_place import AT_ONCE, Place, Spare, plan_window_of, run_farm, tell
from pokervod_pipelines_tests.render.render_database import RenderDatabase


@pytest.fixture
def place(engine: Engine, settings_factory: Callable[..., Settings]) -> Place:
    return Place(engine, settings_factory)


@pytest.fixture
def hands(place: Place) -> RenderDatabase:
    place.configure(instruct={"after_minutes": 0})
    return RenderDatabase(engine=place.engine, settings=place.settings)


def test_a_premium_hand_without_an_instruction_gets_it_once(place: Place, hands: RenderDatabase) -> None:
    hand = hands.put_hand()

    [action] = place.remedy()

    assert tell([action]) == [("instruct", str(hand), "done")]
    [made] = hands.find()
    assert (made.id, made.hand_id) == (action.after["instructions"][0], hand)
    assert place.remedy() == []
    place.queue.finish(*place.queue.claim())
    place.remedy()
    assert place.find_outcomes() == [Outcome.HELPED]
    assert hands.make().changed == 0, "the workflow makes the same"


def test_a_hand_that_no_rule_fits_says_so_once_a_day(place: Place, hands: RenderDatabase) -> None:
    rule = {"name": "premium_hand", "where": {"pot": 1}}
    place.settings = place.make(
        monitoring={"remediation": {"instruct": {"after_minutes": 0}}}, render={"rules": [rule]}
    )
    hand = hands.put_hand()

    [action] = place.remedy()

    assert tell([action]) == [("instruct", str(hand), "refused")]
    assert "no rule" in action.reason
    assert place.remedy() == []
    assert len(place.remedy(25 * 60)) == 1


def test_what_was_withdrawn_is_not_made_again(place: Place, hands: RenderDatabase) -> None:
    hands.put_hand()
    hands.make()
    hands.execute("update render_instructions set withdrawn_at = now()")

    [action] = place.remedy()

    assert action.state is ActionState.REFUSED
    assert "was withdrawn" in action.reason
    assert len(hands.find()) == 1


def _hold_workflow(place: Place, _: int) -> None:
    place.hold(SubjectKind.WORKFLOW, "hands_to_renders")


@pytest.mark.parametrize(
    "spare",
    [
        _hold_workflow,
        plan_window_of(Coverage(kind=SubjectKind.WORKFLOW, name="hands_to_renders")),
        lambda place, hand: place.plan(Coverage(kind=SubjectKind.HAND, name=str(hand))),
        plan_window_of(),
    ],
)
def test_no_instruction_is_made_where_a_person_holds_that(place: Place, hands: RenderDatabase, spare: Spare) -> None:
    spare(place, hands.put_hand())

    assert place.remedy() == []
    assert hands.find() == []


def _trip(place: Place, url: str, *, minutes: float) -> None:
    """Let the breaker of the farm be open, so that a call could have probed it for so long."""
    remediation = {"probe": {"after_seconds": 60}}
    place.settings = place.make(monitoring={"remediation": remediation}, render={"nexrender": {"url": url}})
    rule = BreakerRule(failures=1, open_seconds=60)
    breaker = make_breaker(place.engine, NEXRENDER, BreakerOptions(zone=place.settings.zone, rule=rule))
    breaker.enter().fail("no answer")
    place.queue.execute(
        "update breakers set next_probe_at = now() - :minutes * interval '1 minute', "
        "last_failed_at = now() - interval '1 hour'",
        minutes=minutes,
    )


def test_a_service_that_nobody_calls_is_probed_and_called_again(place: Place) -> None:
    with run_farm() as url:
        _trip(place, url, minutes=2)

        [action] = place.remedy()

    assert tell([action]) == [("probe", "nexrender", "done")]
    place.remedy()
    assert place.find_outcomes() == [Outcome.HELPED]
    [(opened_at,)] = place.queue.execute("select opened_at from breakers")
    assert opened_at is None


def test_a_service_that_is_still_away_is_probed_in_vain(place: Place) -> None:
    with run_farm() as url:
        pass
    _trip(place, url, minutes=2)

    assert len(place.remedy()) == 1
    assert place.remedy() == []
    assert place.find_outcomes() == [Outcome.IN_VAIN]


def test_a_breaker_that_calls_probe_by_themselves_is_left_to_them(place: Place) -> None:
    with run_farm() as url:
        _trip(place, url, minutes=0.5)
        assert place.remedy() == []


def test_a_service_that_is_worked_on_is_not_probed(place: Place) -> None:
    with run_farm() as url:
        _trip(place, url, minutes=2)
        place.plan(Coverage(kind=SubjectKind.SERVICE, name="nexrender"))
        assert place.remedy() == []


def test_a_spent_budget_asks_a_person_until_the_hour_is_over(place: Place) -> None:
    place.configure(retry={"per_hour": 3, "after_minutes": 0})
    for _ in range(5):
        place.fail_for_good()

    found = place.remedy()

    assert [each.state for each in found] == [*[ActionState.DONE] * 3, ActionState.REFUSED]
    assert found[-1].count == 2
    [incident] = place.incidents()
    assert incident.summary == "asks a person: 2 failed graphics to retry beyond the budget of 3 an hour"
    assert "render bulk-retry" in incident.advice
    assert place.remedy(30) == [], "it is said once"
    assert [each.state for each in place.remedy(61)] == [ActionState.DONE] * 2
    place.remedy(62)
    assert place.incidents() == []
    assert place.count(RemedyKind.RETRY).over_budget == 2


def test_a_budget_that_was_lowered_below_what_is_spent_allows_nothing(place: Place) -> None:
    for _ in range(3):
        place.lose()
    assert len(place.remedy()) == 3
    place.configure(rescue={"per_hour": 1})
    for _ in range(5):
        place.lose()

    assert tell(place.remedy()) == [("rescue", "rescue", "refused")]
    assert place.count(RemedyKind.RESCUE).done == 3


def test_a_budget_of_nothing_asks_at_once(place: Place) -> None:
    place.configure(rescue={"per_hour": 0})
    id_ = place.lose()

    assert tell(place.remedy()) == [("rescue", "rescue", "refused")]
    assert place.queue.row(id_).state == "processing"
    assert len(place.incidents()) == 1


@pytest.mark.parametrize("kinds", [{"enabled": False}, {"retry": {"enabled": False, "after_minutes": 0}}])
def test_what_is_turned_off_does_nothing_and_asks_nobody(place: Place, kinds: dict[str, Any]) -> None:
    place.configure(**kinds)
    place.fail_for_good()

    assert place.remedy(10) == []
    assert place.incidents() == []


def test_turning_it_off_closes_what_it_asked(place: Place) -> None:
    place.configure(retry={"per_hour": 0, "after_minutes": 0})
    place.fail_for_good()
    place.remedy()
    assert len(place.incidents()) == 1

    place.configure(enabled=False)
    place.remedy(1)

    assert place.incidents() == []


def test_several_remediators_at_once_never_exceed_the_budget_or_act_twice(place: Place) -> None:
    place.configure(retry={"per_hour": 7, "after_minutes": 0})
    ids = {place.fail_for_good() for _ in range(10)}

    def remedy(_: int) -> list[RemedyAction]:
        return remediate(place.engine, place.settings)

    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            [*pool.map(remedy, range(8))]

    done = [each.subject.name for each in place.list_actions() if each.state is ActionState.DONE]
    assert len(done) == len({*done}) == 7
    assert {int(each) for each in done} < ids
    assert sum(each.count for each in place.list_actions() if each.state is ActionState.REFUSED) == 3


def test_a_process_killed_between_action_and_record_has_done_neither(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good()
    before = place.queue.row(id_)
    child = os.fork()
    if not child:
        place.engine.dispose(close=False)

        def die(connection: Connection, deeds: Sequence[Deed], _: datetime) -> list[RemedyAction]:
            state = connection.scalar(text("select state from render_instructions"))
            if deeds:
                os.kill(os.getpid(), signal.SIGKILL if state == "pending" else signal.SIGTERM)
            return []

        monkeypatch.setattr(store, "insert", die)
        remediate(place.engine, place.settings)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "it had retried, and not recorded it"

    assert place.queue.row(id_) == before
    assert place.list_actions() == []
    assert tell(place.remedy()) == [("retry", str(id_), "done")]
