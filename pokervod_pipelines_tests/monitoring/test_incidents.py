"""Check the life of an incident: opened once for a cause, folded, closed by itself, reopened, overruled by people."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, find_incident, list_incidents
from pokervod_pipelines.monitoring.incidents.looks import record_looks
from pokervod_pipelines.monitoring.incidents.shape import (
    Finding,
    Incident,
    IncidentState,
    Look,
    LookState,
    Subject,
    SubjectKind,
    Verdict,
)
from pokervod_pipelines.paging import Page
from pokervod_pipelines.settings.monitoring import IncidentSettings
from pokervod_pipelines_tests.sizes import choose

NOW = datetime(2026, 11, 30, 20, tzinfo=UTC)
ANNA = Actor(who="anna", reason="on it")
RULES = IncidentSettings()
ROOT = Subject(kind=SubjectKind.ROOT, name="nas")
OPEN, FOLDED, RESOLVED = IncidentState.OPEN, IncidentState.FOLDED, IncidentState.RESOLVED


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def find(
    name: str = "tracker",
    *,
    detector: str = "stale_source",
    kind: SubjectKind = SubjectKind.SHEET,
    severity: AlertSeverity = AlertSeverity.WARNING,
    summary: str = "",
    explained_by: Sequence[str] = (),
) -> Finding:
    subject = Subject(kind=kind, name=name)
    told = summary or f"{subject} was read 3 h ago"
    return Finding(
        detector=detector, subject=subject, severity=severity, summary=told, explained_by=tuple(explained_by)
    )


def look(*findings: Finding, detector: str = "stale_source", state: LookState = LookState.JUDGED) -> Look:
    return Look(detector=detector, state=state, looked_at=9, summary="9 were looked at", findings=findings)


def record(engine: Engine, *looks: Look, at: float = 0, rules: IncidentSettings = RULES) -> list[str]:
    with engine.begin() as connection:
        changes = record_looks(connection, looks, rules, now=minutes(at))
    return [each.type.value.rpartition(".")[2] for each in changes]


def read(engine: Engine, at: float = 0, **wanted: Any) -> list[Incident]:
    with engine.connect() as connection:
        return list_incidents(connection, IncidentFilter(oldest_first=True, **wanted), now=minutes(at))


def count_events(engine: Engine, what: str) -> int:
    with engine.connect() as connection:
        found = connection.scalar(
            text("select count(*) from events where type = :type"), {"type": f"monitoring.incident.{what}"}
        )
    return int(found or 0)


def test_a_cause_is_opened_once_however_often_it_is_found(engine: Engine) -> None:
    assert record(engine, look(find())) == ["opened"]
    assert record(engine, look(find(summary="sheet tracker was read 4 h ago")), at=1) == []

    [incident] = read(engine)
    assert (incident.state, incident.times, incident.openings) == (OPEN, 2, 1)
    assert incident.summary == "sheet tracker was read 4 h ago"
    assert count_events(engine, "opened") == 1


def test_it_is_closed_once_its_detector_has_not_found_it_for_a_while(engine: Engine) -> None:
    record(engine, look(find()))

    assert record(engine, look(), at=0.5) == []
    assert record(engine, look(), at=1) == ["resolved"]

    [incident] = read(engine)
    assert (incident.state, incident.resolved_by) == (RESOLVED, "stale_source")
    assert incident.resolved_reason == "9 were looked at"


@pytest.mark.parametrize(
    "blind",
    [
        look(state=LookState.LEARNING),
        look(state=LookState.UNREADABLE),
        look(detector="another"),
    ],
)
def test_a_detector_that_could_not_judge_closes_nothing(engine: Engine, blind: Look) -> None:
    record(engine, look(find()))

    assert record(engine, blind, at=60) == []
    assert read(engine)[0].state is OPEN


def test_a_detector_that_is_turned_off_closes_its_incidents_at_once(engine: Engine) -> None:
    record(engine, look(find()))

    assert record(engine, look(state=LookState.OFF), at=0.1) == ["resolved"]


def test_what_returns_soon_is_the_same_incident_and_later_another(engine: Engine) -> None:
    record(engine, look(find()))
    record(engine, look(), at=2)

    assert record(engine, look(find()), at=60) == ["reopened"]
    [again] = read(engine)
    assert (again.state, again.openings, again.opened_at) == (OPEN, 2, minutes(60))
    assert again.first_opened_at == NOW

    record(engine, look(), at=62)
    assert record(engine, look(find()), at=62 + 25 * 60) == ["opened"]
    assert [each.openings for each in read(engine)] == [2, 1]


def test_a_graver_finding_has_to_be_acknowledged_again(engine: Engine) -> None:
    record(engine, look(find()))
    acknowledge(engine)

    assert record(engine, look(find(severity=AlertSeverity.CRITICAL)), at=1) == ["escalated"]
    assert record(engine, look(find(severity=AlertSeverity.INFO)), at=2) == []

    assert read(engine)[0].state is OPEN


def test_what_is_less_grave_for_a_while_stays_acknowledged(engine: Engine) -> None:
    record(engine, look(find(severity=AlertSeverity.ERROR)))
    acknowledge(engine)

    for at, severity in enumerate((AlertSeverity.WARNING, AlertSeverity.ERROR, AlertSeverity.INFO), start=1):
        assert record(engine, look(find(severity=severity)), at=at) == []
    assert (read(engine)[0].state, read(engine)[0].severity) == (IncidentState.ACKNOWLEDGED, AlertSeverity.ERROR)

    assert record(engine, look(find(severity=AlertSeverity.CRITICAL)), at=4) == ["escalated"]
    assert read(engine)[0].state is OPEN

    acknowledge(engine)
    assert record(engine, look(), at=6) == ["resolved"]
    assert record(engine, look(find(severity=AlertSeverity.INFO)), at=7) == ["reopened"]
    assert read(engine)[0].severity is AlertSeverity.INFO


def acknowledge(engine: Engine, incident_id: int | None = None) -> bool:
    with engine.begin() as connection:
        return lifecycle.acknowledge(connection, incident_id or read(engine)[0].id, actor=ANNA, now=NOW)


def test_effects_are_folded_under_what_explains_them(engine: Engine) -> None:
    root = find("nas", kind=SubjectKind.ROOT, severity=AlertSeverity.CRITICAL)
    libraries = [
        find(str(number), kind=SubjectKind.LIBRARY, explained_by=["nothing like it", root.key]) for number in range(9)
    ]
    deep = find("deep", explained_by=[libraries[0].key])

    record(engine, look(root, *libraries, deep))

    top = read(engine, states=[OPEN])
    assert [each.key for each in top] == [root.key]
    assert top[0].effects == 10
    assert {each.cause_id for each in read(engine, states=[FOLDED])} == {top[0].id}


def test_effects_that_outlast_their_cause_are_unfolded_after_a_grace(engine: Engine) -> None:
    root = find("nas", kind=SubjectKind.ROOT)
    library = find("wsop", kind=SubjectKind.LIBRARY, explained_by=[root.key])
    record(engine, look(root, library))
    record(engine, look(library), at=1)

    record(engine, look(library), at=10)
    assert [each.state for each in read(engine)] == [RESOLVED, FOLDED]
    record(engine, look(library), at=17)
    assert [each.state for each in read(engine)] == [RESOLVED, OPEN]


def test_an_effect_that_nobody_looks_at_any_more_does_not_stay_folded(engine: Engine) -> None:
    root = find("nas", kind=SubjectKind.ROOT, detector="root_away")
    library = find("wsop", kind=SubjectKind.LIBRARY, explained_by=[root.key])
    record(engine, look(root, detector="root_away"), look(library))

    record(engine, look(detector="root_away"), look(state=LookState.LEARNING), at=1)
    record(engine, look(state=LookState.LEARNING), at=17)

    assert [each.state for each in read(engine)] == [RESOLVED, OPEN]


def test_a_circle_of_explanations_hides_nothing(engine: Engine) -> None:
    first, second = find("first"), find("second")
    record(engine, look(find("first", explained_by=[second.key]), find("second", explained_by=[first.key])))

    assert [each.state for each in read(engine)] == [OPEN, OPEN]


def test_what_a_person_resolved_comes_back_only_if_it_lasts(engine: Engine) -> None:
    record(engine, look(find()))
    with engine.begin() as connection:
        assert lifecycle.resolve(connection, read(engine)[0].id, actor=ANNA, now=minutes(1))

    assert record(engine, look(find()), at=10) == []
    assert read(engine)[0].resolved_by == "anna"
    assert record(engine, look(find()), at=17) == ["reopened"]
    assert read(engine)[0].resolved_by is None


def test_people_decide_once_and_every_decision_is_signed(engine: Engine) -> None:
    record(engine, look(find()))
    [incident] = read(engine)
    with engine.begin() as connection:
        for is_first in (True, False):
            assert lifecycle.acknowledge(connection, incident.id, actor=ANNA, now=NOW) is is_first
            assert lifecycle.mute(connection, incident.id, until=minutes(60), actor=ANNA, now=NOW) is is_first
            assert lifecycle.give_verdict(connection, incident.id, Verdict.NOISE, actor=ANNA, now=NOW) is is_first
        found = find_incident(connection, incident.id, now=minutes(5))
        assert (found.state, found.verdict, found.muted_by) == (IncidentState.MUTED, Verdict.NOISE, "anna")
        assert find_incident(connection, incident.id, now=minutes(61)).state is IncidentState.ACKNOWLEDGED
        for is_first in (True, False):
            assert lifecycle.unmute(connection, incident.id, actor=ANNA, now=NOW) is is_first
            assert lifecycle.resolve(connection, incident.id, actor=ANNA, now=NOW) is is_first
    for what in ("acknowledged", "muted", "judged", "unmuted", "resolved"):
        assert count_events(engine, what) == 1


def test_a_person_opens_one_that_no_detector_found(engine: Engine) -> None:
    with engine.begin() as connection:
        opened = lifecycle.open_by_hand(
            connection, ROOT, severity=AlertSeverity.ERROR, summary="the\n share is slow", actor=ANNA, now=NOW
        )
        with pytest.raises(Conflict, match=rf"incident {opened} about root nas is open already: the share is slow"):
            lifecycle.open_by_hand(connection, ROOT, severity=AlertSeverity.ERROR, summary="again", actor=ANNA)
    record(engine, look(), at=600)

    [incident] = read(engine)
    assert (incident.detector, incident.state, incident.summary) == ("person", OPEN, "the share is slow")


def test_bad_requests_say_what_is_wrong(engine: Engine) -> None:
    record(engine, look(find()))
    with engine.begin() as connection:
        with pytest.raises(BadInput, match="no incident has the number 999"):
            lifecycle.resolve(connection, 999, actor=ANNA)
        with pytest.raises(BadInput, match="expected a time to come"):
            lifecycle.mute(connection, read(engine)[0].id, until=NOW, actor=ANNA, now=NOW)
        with pytest.raises(BadInput, match="A sentence is required"):
            lifecycle.open_by_hand(connection, ROOT, severity=AlertSeverity.INFO, summary=" ", actor=ANNA)


def test_pages_and_filters_select(engine: Engine) -> None:
    record(engine, look(*(find(str(number)) for number in range(7))))
    record(engine, look(*(find(str(number)) for number in range(7)), find("last")), at=1)
    with engine.connect() as connection:
        first = list_incidents(connection, page=Page(limit=3), now=NOW)
        second = list_incidents(connection, page=Page(limit=9, after=first[-1].id), now=NOW)
        about = list_incidents(connection, IncidentFilter(subject=Subject(kind=SubjectKind.SHEET, name="3")), now=NOW)
        since = list_incidents(connection, IncidentFilter(changed_since=minutes(1)), now=NOW)

    assert first[0].subject.name == "last"
    assert len({each.id for each in first + second}) == 8
    assert [each.subject.name for each in about] == ["3"]
    assert [each.subject.name for each in since] == ["last"]


def test_lookers_at_the_same_time_open_one(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        changes = [*pool.map(lambda _: record(engine, look(find())), range(8))]

    assert sorted(changes) == [[]] * 7 + [["opened"]]
    assert read(engine)[0].times == 8


@settings(max_examples=choose(20, long=200))
@given(found=st.lists(st.tuples(st.booleans(), st.sampled_from(LookState), st.integers(0, 90)), max_size=25))
def test_there_is_never_a_second_open_incident_of_a_cause(engine: Engine, found: list[Any]) -> None:
    with engine.begin() as connection:
        connection.execute(text("delete from monitoring_events"))
    at = 0.0
    for is_found, state, waited in found:
        at += waited
        findings = [find()] if is_found and state is LookState.JUDGED else []
        record(engine, look(*findings, state=state), at=at)
        now_open = [each for each in read(engine) if each.state is not RESOLVED]
        assert len(now_open) <= 1
        if findings:
            assert len(now_open) == 1
