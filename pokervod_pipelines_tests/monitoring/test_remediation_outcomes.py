"""Check that it is measured what became of each action, and that each is signed."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.incidents.looks import record_looks
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState
from pokervod_pipelines.monitoring.remediation import store
from pokervod_pipelines.monitoring.remediation.shape import Outcome, RemedyKind
from pokervod_pipelines.render import actions, workers
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines_tests.monitoring.remediation_place import ANNA, AT_ONCE, Place, Spare, cancel_it
from pokervod_pipelines_tests.render.queue_database import ids_of


@pytest.fixture
def place(engine: Engine, settings_factory: Callable[..., Settings]) -> Place:
    return Place(engine, settings_factory)


def _complete(place: Place, _: int) -> None:
    place.queue.finish(*place.queue.claim())


def _fail(place: Place, id_: int) -> None:
    place.fail_again(id_)


def _wait(_: Place, __: int) -> None:
    """Let nothing happen."""


def _withdraw(place: Place, id_: int) -> None:
    place.queue.execute(
        "update render_instructions set withdrawn_at = now(), state = 'cancelled' where id = :id", id=id_
    )


@pytest.mark.parametrize(
    ("what", "minutes", "outcome"),
    [
        (_complete, 0, Outcome.HELPED),
        (_fail, 0, Outcome.IN_VAIN),
        (_wait, 0, None),
        (_wait, 25 * 60, Outcome.IN_VAIN),
        (cancel_it, 0, Outcome.HARMED),
        (_withdraw, 0, Outcome.MOOT),
    ],
)
def test_it_is_measured_what_became_of_a_retry(
    place: Place, what: Spare, minutes: float, outcome: Outcome | None
) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good()
    place.remedy()
    place.configure(retry={"enabled": False})

    what(place, id_)
    place.remedy(minutes)

    assert place.find_outcomes() == [outcome]


def _claim(place: Place, id_: int) -> None:
    place.queue.execute("update render_instructions set due_at = now() where id = :id", id=id_)
    assert ids_of(place.queue.claim(worker="w2")) == [id_]


def _come_back(place: Place, _: int) -> None:
    workers.record_heartbeat(place.engine, "w1")


@pytest.mark.parametrize(
    ("what", "minutes", "outcome"),
    [
        (_claim, 0, Outcome.HELPED),
        (_wait, 0, None),
        (_come_back, 0, Outcome.HARMED),  # it was alive: the work is done twice
        (cancel_it, 0, Outcome.MOOT),
    ],
)
def test_it_is_measured_what_became_of_a_rescue(
    place: Place, what: Spare, minutes: float, outcome: Outcome | None
) -> None:
    workers.register(place.engine, "w1", ["local"])
    id_ = place.lose()
    place.remedy()

    what(place, id_)
    place.remedy(minutes)

    assert place.find_outcomes() == [outcome]


def _prioritize(place: Place, id_: int) -> None:
    actions.prioritize(place.engine, [id_], 9, ANNA)


@pytest.mark.parametrize(
    ("what", "minutes", "outcome"),
    [
        (_claim, 0, Outcome.HELPED),
        (_wait, 14, None),
        (_wait, 16, Outcome.IN_VAIN),
        (_prioritize, 0, Outcome.HARMED),
        (cancel_it, 0, Outcome.HARMED),
        (_withdraw, 0, Outcome.MOOT),
    ],
)
def test_it_is_measured_what_became_of_a_raised_priority(
    place: Place, what: Spare, minutes: float, outcome: Outcome | None
) -> None:
    workers.register(place.engine, "w1", ["local"])
    [id_] = place.queue.request()
    place.wait(id_, 40)
    place.remedy()

    what(place, id_)
    place.remedy(minutes)

    assert place.find_outcomes() == [outcome]


@pytest.mark.parametrize(
    ("detector", "subject", "is_cause"),
    [
        ("graphic_failed", Subject(kind=SubjectKind.TEMPLATE, name="elimination"), True),
        ("error_rate", Subject(kind=SubjectKind.QUEUE, name="render queue"), True),
        ("graphic_failed", Subject(kind=SubjectKind.TEMPLATE, name="payouts"), False),
        ("sensor_stopped", Subject(kind=SubjectKind.QUEUE, name="render queue"), False),
    ],
)
def test_an_action_is_an_event_signed_by_the_detector_with_its_cause(
    place: Place, detector: str, subject: Subject, is_cause: bool
) -> None:
    place.configure(**AT_ONCE)
    id_ = place.fail_for_good()
    finding = Finding(detector=detector, subject=subject, severity=AlertSeverity.WARNING, summary="1 graphic failed")
    look = Look(detector=detector, state=LookState.JUDGED, looked_at=1, summary="", findings=(finding,))
    with place.engine.begin() as connection:
        now = store.read_clock(connection)
        [opened] = record_looks(connection, [look], place.settings.monitoring.incidents, now=now)
    cause = opened.incident.id if is_cause else None

    [action] = place.remedy()

    assert action.incident_id == cause
    [(type_, payload, correlation_id)] = place.queue.execute("""
        select type, payload, correlation_id from events where type like 'monitoring.remediation.%'
    """)
    assert type_ == "monitoring.remediation.done"
    assert (correlation_id == opened.incident.correlation_id) is is_cause
    assert (payload["by"], payload["cause"], payload["subject"]) == ("graphic_failed", cause, str(id_))
    assert (payload["before"]["state"], payload["after"]["state"]) == ("failed", "pending")
    [(by, reason)] = place.queue.execute("""
        select payload ->> 'by', payload ->> 'reason' from events where type = 'render.requeued'
        order by id desc limit 1
    """)
    assert by == "graphic_failed"
    assert reason


def test_rates_of_nothing_are_none(place: Place) -> None:
    place.configure(**AT_ONCE)
    assert (place.count(RemedyKind.RETRY).success_rate, place.count(RemedyKind.RETRY).harm_rate) == (None, None)

    ids = [place.fail_for_good() for _ in range(4)]
    place.remedy()
    place.queue.finish(*place.queue.claim(3))
    cancel_it(place, ids[3])
    place.remedy()

    figures = place.count(RemedyKind.RETRY)
    assert (figures.done, figures.measured, figures.success_rate, figures.harm_rate) == (4, 4, 0.75, 0.25)
