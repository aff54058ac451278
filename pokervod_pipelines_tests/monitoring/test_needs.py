"""Check that what needs a person is listed once, the oldest first, and that what healed or was decided is not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.lifecycle import acknowledge, mute, open_by_hand, resolve
from pokervod_pipelines.monitoring.incidents.looks import record_looks
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState, Subject, SubjectKind
from pokervod_pipelines.monitoring.needs.find import find_needs
from pokervod_pipelines.monitoring.needs.kinds import KINDS
from pokervod_pipelines.monitoring.needs.shape import Need
from pokervod_pipelines.settings.monitoring import IncidentSettings
from pokervod_pipelines_tests.monitoring.looked import note_look
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue

NOW = datetime.now(UTC).replace(microsecond=0)
ANNA = Actor(who="anna", reason="on it")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def looked(engine: Engine) -> None:
    """Let the detectors have looked a moment ago."""
    note_look(engine)


def look(detector: str, state: LookState) -> Look:
    return Look(detector=detector, state=state, looked_at=0, summary=f"{detector} is {state}")


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for each in statements:
            connection.execute(text(each.replace("HOUR_AGO", f"'{NOW - HOUR}'")))


def put_incident(
    engine: Engine,
    detector: str,
    subject: Subject,
    *,
    severity: AlertSeverity = AlertSeverity.ERROR,
    advice: str = "",
    explained_by: tuple[str, ...] = (),
    at: datetime = NOW,
) -> Finding:
    finding = Finding(
        detector=detector,
        subject=subject,
        severity=severity,
        summary=f"{subject} is not well",
        advice=advice,
        explained_by=explained_by,
    )
    look = Look(detector=detector, state=LookState.JUDGED, looked_at=1, summary="", findings=(finding,))
    with engine.begin() as connection:
        record_looks(connection, [look], IncidentSettings(), now=at)
    return finding


def list_kinds(engine: Engine) -> list[tuple[str, int]]:
    return [(each.kind, each.count) for each in find_needs(engine).needs]


def put_failed(engine: Engine) -> None:
    queue = MeasuredQueue(engine=engine)
    queue.add(NOW - HOUR, 0, "failed")
    queue.add(NOW - HOUR, 60, "timed_out")
    queue.add(NOW - HOUR, 60, "completed")


def put_worker(engine: Engine) -> None:
    execute(
        engine,
        "insert into render_workers (name, host, pid, renderers, seen_at, quarantine_reason) "
        "values ('gfx 01', 'gfx', 1, '{local}', HOUR_AGO, 'no licence'), ('gfx 02', 'gfx', 2, '{local}', now(), null)",
    )


def put_parked(engine: Engine) -> None:
    execute(
        engine,
        "insert into events (type, source, correlation_id, payload) values ('hand.created', 'hands', 'c', '{}')",
        "insert into event_retries (consumer, event_id, sequence, attempts, error, failed_at, parked_at) "
        "select 'router', id, 'c', 9, 'no template', now(), HOUR_AGO from events",
    )


def put_files(engine: Engine) -> None:
    execute(
        engine,
        "insert into hand_files (path, digest, size, mtime_ns, state, reason, read_at) values "
        "('/drop/a b.json', '', 1, 1, 'quarantined', 'no session', HOUR_AGO), "
        "('/drop/b.json', '', 1, 1, 'read', null, now())",
    )


def put_exports(engine: Engine) -> None:
    execute(
        engine,
        "insert into tournament_files (path, kind, digest, size, seen_at, rows, error, imported_at) values "
        "('/x/blinds.csv', null, '', 1, now(), 0, 'no header', HOUR_AGO), "
        "('/x/chips.csv', 'chips', '', 1, now(), 9, null, now())",
    )


def put_losses(engine: Engine) -> None:
    execute(
        engine,
        "insert into nas_scans (library, status, correlation_id, started_at, finished_at) values "
        "('pad', 'completed', '', now(), now()), ('pad', 'failed', '', now(), now()), "
        "('wsop', 'failed', '', now(), now()), ('wsop', 'completed', '', now(), now())",
        "insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk, "
        "state, state_since) select 'nas', library, n, n, 1, 1, 1, '', '', junk, state, HOUR_AGO from (values "
        "('a', 'wsop', false, 'unseen'), ('b', 'wsop', true, 'unseen'), ('c', 'wsop', false, 'missing'), "
        "('d', 'pad', false, 'unseen')) f (n, library, junk, state)",
    )


def put_rows(engine: Engine) -> None:
    execute(
        engine,
        "insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content, match_status, "
        "changed_at, retired_at) select 'notes', 'Hands', n, '', '', '', '{}', status, HOUR_AGO, retired "
        "from (values (1, 'ambiguous', null), (2, 'none', null), (3, 'ambiguous', now())) r (n, status, retired)",
    )


def put_players(engine: Engine) -> None:
    execute(
        engine,
        "insert into sheet_rows (id, sheet, tab, row_number, fingerprint, file_name, folder_link, content) overriding "
        "system value values (1, 'notes', 'Hands', 1, '', '', '', '{}')",
        "insert into hand_clips (id, sheet_row_id, sheet, title, winner, hands, problem, input_hash, created_at) "
        "overriding system value values (1, 1, 'notes', '', '', '', 'x', '', HOUR_AGO)",
        "insert into players (id, key, name) overriding system value values (1, 'p hellmuth', 'P. Hellmuth'), "
        "(2, 'phil hellmuth', 'Phil Hellmuth'), (3, 'ana marquez', 'Ana Marquez')",
        "insert into clip_players (clip_id, player_id, position) values (1, 1, 0), (1, 2, 1), (1, 3, 2)",
    )


def put_disagreements(engine: Engine) -> None:
    put_players(engine)
    execute(
        engine,
        "delete from clip_players",
        "insert into hand_sessions (session_id, table_name, event_title, started_at, broadcast_day, is_test, "
        "hands_reported, hands_broken, head) values (1, 'Table 7', '', now(), now(), false, 1, 0, '')",
        "insert into hands (id, session_id, table_name, hand_number, started_at, broadcast_day, source, is_premium, "
        "is_test, pot, winners, content, weight, digest) overriding system value "
        "values (1, 1, 'Table 7', 1, now(), now(), 'rfid', false, false, 0, '[]', '{}', '[]', '')",
        "insert into hand_disagreements (hand_id, clip_id, field, hand_says, sheet_says, at) values "
        "(1, 1, 'pot', '9', '8', HOUR_AGO), (1, 1, 'winner', 'Ana', 'Bo', now())",
        "insert into hand_disagreements (hand_id, clip_id, field, hand_says, sheet_says, state, by, reason, "
        "settled_at) values (1, 1, 'cards', 'AA', 'KK', 'settled', 'anna', 'seen', now())",
    )


def put_escalation(engine: Engine) -> None:
    execute(
        engine,
        "insert into rollouts (plan, state, correlation_id) values ('production', 'escalated', '')",
        "insert into rollout_escalations (plan, week, cycle, at, summary) values "
        "('production', 4, 1, HOUR_AGO, 'hands are missing')",
    )


PUT: dict[str, tuple[Callable[[Engine], None], int, str]] = {
    "failed graphics": (put_failed, 2, "pokervod render show 1"),
    "parked events": (put_parked, 1, "pokervod events parked"),
    "quarantined worker": (put_worker, 1, "pokervod render workers --reinstate 'gfx 01' --reason …"),
    "quarantined session files": (put_files, 1, "pokervod hands import '/drop/a b.json'"),
    "unreadable exports": (put_exports, 1, "pokervod sync --incremental"),
    "unconfirmed losses": (put_losses, 1, "pokervod nas missing"),
    "ambiguous rows": (put_rows, 1, "pokervod sheets rows --status ambiguous"),
    "doubtful players": (put_players, 1, "pokervod players doubtful"),
    "disagreements": (put_disagreements, 2, "pokervod hands disagreements"),
    "rollout escalation": (put_escalation, 1, "pokervod rollout acknowledge --plan production --reason …"),
}


def find_only(engine: Engine) -> Need:
    [need] = find_needs(engine).needs
    return need


@pytest.mark.parametrize("kind", PUT)
def test_each_kind_is_one_line_with_the_age_of_the_oldest_and_a_command(engine: Engine, kind: str) -> None:
    put, count, command = PUT[kind]
    put(engine)

    need = find_only(engine)
    assert (need.kind, need.count, need.command, need.since) == (kind, count, command, NOW - HOUR)


@pytest.mark.parametrize(
    ("kind", "healed"),
    [
        ("failed graphics", "update render_instructions set withdrawn_at = now()"),
        ("failed graphics", "update render_instructions set held_until = 'infinity'"),
        ("parked events", "update event_retries set parked_at = null"),
        ("quarantined worker", "update render_workers set quarantine_reason = null"),
        ("quarantined session files", "update hand_files set state = 'read', reason = null"),
        ("unreadable exports", "update tournament_files set error = null"),
        ("unconfirmed losses", "update nas_files set state = 'missing'"),
        ("ambiguous rows", "update sheet_rows set match_status = 'none'"),
        ("doubtful players", "update hand_clips set retired_at = now()"),
        (
            "disagreements",
            "update hand_disagreements set state = 'settled', by = 'a', reason = 'b', settled_at = now()",
        ),
        ("rollout escalation", "update rollout_escalations set ended_at = now()"),
        (
            "rollout escalation",
            "insert into rollout_interventions (plan, kind, week, by, reason) "
            "values ('production', 'acknowledge', 4, 'anna', 'on it')",
        ),
    ],
)
def test_what_healed_or_was_decided_is_not_listed(engine: Engine, kind: str, healed: str) -> None:
    PUT[kind][0](engine)
    execute(engine, healed)

    assert list_kinds(engine) == []


@pytest.mark.parametrize(
    ("kind", "detector", "subject"),
    [
        ("failed graphics", Detector.GRAPHIC_FAILED, Subject(kind=SubjectKind.TEMPLATE, name="elimination")),
        ("parked events", Detector.EVENTS_PARKED, Subject(kind=SubjectKind.SERVICE, name="router")),
        ("quarantined worker", Detector.WORKER_STOPPED, Subject(kind=SubjectKind.WORKER, name="gfx 01")),
        ("rollout escalation", "rollout", Subject(kind=SubjectKind.ROLLOUT, name="production week 4")),
    ],
)
def test_what_an_incident_tells_is_told_once(engine: Engine, kind: str, detector: str, subject: Subject) -> None:
    PUT[kind][0](engine)
    put_incident(engine, detector, subject)

    assert list_kinds(engine) == [("incident", 1)]
    with engine.begin() as connection:
        acknowledge(connection, 1, actor=ANNA)
    assert list_kinds(engine) == []
    with engine.begin() as connection:
        resolve(connection, 1, actor=ANNA)
    assert list_kinds(engine) == [(kind, PUT[kind][1])]


@pytest.mark.parametrize("name", ["production 2 week 4", "production week 5", "production"])
def test_the_incident_of_another_week_hides_no_escalation(engine: Engine, name: str) -> None:
    put_escalation(engine)
    put_incident(engine, "rollout", Subject(kind=SubjectKind.ROLLOUT, name=name))

    assert sorted(list_kinds(engine)) == [("incident", 1), ("rollout escalation", 1)]


def test_an_incident_of_another_subject_hides_nothing(engine: Engine) -> None:
    put_failed(engine)
    put_incident(engine, Detector.GRAPHIC_FAILED, Subject(kind=SubjectKind.TEMPLATE, name="payouts"))

    assert sorted(list_kinds(engine)) == [("failed graphics", 2), ("incident", 1)]


def test_incidents_are_listed_by_age_without_infos_effects_and_those_decided(engine: Engine) -> None:
    sheets = [Subject(kind=SubjectKind.SHEET, name=name) for name in ("a", "b", "c", "d")]
    put_incident(engine, "x", sheets[0], at=NOW, advice="mount it, then `pokervod doctor`")
    cause = put_incident(engine, "y", sheets[1], at=NOW - HOUR)
    put_incident(engine, "z", sheets[2], at=NOW, explained_by=(cause.key,))
    put_incident(engine, "w", sheets[3], at=NOW, severity=AlertSeverity.INFO)
    with engine.begin() as connection:
        muted = open_by_hand(connection, sheets[0], severity=AlertSeverity.ERROR, summary="x", actor=ANNA)
        mute(connection, muted, until=NOW + HOUR, actor=ANNA)

    found = find_needs(engine, now=NOW).needs
    assert [(each.what, each.command, each.incident_id) for each in found] == [
        ("sheet b is not well (1 effect)", "pokervod incidents show 2", 2),
        ("sheet a is not well", "pokervod doctor", 1),
    ]


@pytest.mark.parametrize(
    ("looked_at", "needs"),
    [
        (NOW - timedelta(minutes=4), []),
        (NOW - HOUR, [("none has looked since then, so nothing that goes wrong becomes an incident", NOW - HOUR)]),
        (None, [("none has looked ever, so nothing that goes wrong becomes an incident", None)]),
    ],
)
def test_no_incident_says_nothing_where_no_detector_looks(
    engine: Engine, looked_at: datetime | None, needs: list[tuple[str, datetime | None]]
) -> None:
    note_look(engine, looked_at)

    found = find_needs(engine, now=NOW)
    assert [(each.what, each.since) for each in found.needs] == needs
    assert all(each.command == "pokervod health" for each in found.needs)
    assert "detectors" in found.looked_at


def test_a_detector_that_cannot_judge_is_not_known_about(engine: Engine) -> None:
    note_look(engine, NOW, look("root_away", LookState.UNREADABLE), look("error_rate", LookState.LEARNING))

    found = find_needs(engine, now=NOW)
    assert [(each.kind, each.reason) for each in found.unread] == [("detector root_away", "root_away is unreadable")]
    assert found.needs == ()
    assert find_needs(engine, now=NOW + HOUR).unread == ()  # how it looked an hour ago says nothing


def test_a_kind_that_cannot_be_read_is_named_and_hides_no_other(make_database: Callable[[bool], str]) -> None:
    engine = make_engine(make_database(True))
    try:
        note_look(engine)
        put_worker(engine)
        execute(engine, "alter table hand_files rename to lost_files")

        found = find_needs(engine)
        assert [each.kind for each in found.unread] == ["session files"]
        assert 'relation "hand_files" does not exist' in found.unread[0].reason
        assert [each.kind for each in found.needs] == ["quarantined worker"]
        assert len(found.looked_at) == len(KINDS) - 1
    finally:
        engine.dispose()
