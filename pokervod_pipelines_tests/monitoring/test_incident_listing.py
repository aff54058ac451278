"""Check that incidents are listed in the state that counts: a maintenance window mutes those of its things."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.holds.windows import Coverage, cancel_window, plan_window
from pokervod_pipelines.monitoring.incidents.lifecycle import acknowledge, open_by_hand
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, count_unresolved, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import IncidentState, Subject, SubjectKind

ANNA = Actor(who="anna", reason="the NAS is moved")
NAS, TRACKER = Subject(kind=SubjectKind.ROOT, name="nas"), Subject(kind=SubjectKind.SHEET, name="tracker")
HOUR = timedelta(hours=1)


def open_both(connection: Connection) -> None:
    for subject in (NAS, TRACKER):
        open_by_hand(connection, subject, severity=AlertSeverity.ERROR, summary="it is away", actor=ANNA)


def list_states(connection: Connection, now: datetime | None = None) -> dict[str, str]:
    return {str(each.subject): each.state.value for each in list_incidents(connection, now=now)}


@pytest.mark.parametrize(
    ("coverage", "muted"),
    [
        ([Coverage(kind=SubjectKind.ROOT, name="nas")], {"root nas"}),
        ([Coverage(kind=SubjectKind.SHEET)], {"sheet tracker"}),
        ([Coverage(kind=SubjectKind.SHEET, name="other")], set()),
        ([], {"root nas", "sheet tracker"}),
    ],
)
def test_a_window_mutes_incidents_of_its_things_while_it_lasts(
    engine: Engine, coverage: Sequence[Coverage], muted: set[str]
) -> None:
    now = datetime.now(UTC)
    with engine.begin() as connection:
        open_both(connection)
        window = plan_window(connection, now - HOUR, now + HOUR, coverage, ANNA)

        states = list_states(connection)
        assert {name for name, state in states.items() if state == "muted"} == muted
        silent = list_incidents(connection, IncidentFilter(states=[IncidentState.MUTED]))
        assert {each.window_id for each in silent} == ({window.id} if muted else set())
        assert set(list_states(connection, now + 2 * HOUR).values()) == {"open"}
        cancel_window(connection, window.id, ANNA)
        assert set(list_states(connection).values()) == {"open"}


def test_states_are_counted_without_those_that_are_over(engine: Engine) -> None:
    with engine.begin() as connection:
        open_both(connection)
        acknowledge(connection, 1, actor=ANNA)

        assert count_unresolved(connection) == {IncidentState.ACKNOWLEDGED: 1, IncidentState.OPEN: 1}
