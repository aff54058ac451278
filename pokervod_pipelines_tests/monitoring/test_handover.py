"""Check that a handover has what is open, held and muted, what happened in the shift, and nothing of before it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.holds.placing import place_hold
from pokervod_pipelines.holds.windows import plan_window
from pokervod_pipelines.monitoring.handover.figures import ShiftHandover, make_handover
from pokervod_pipelines.monitoring.handover.text import write_markdown, write_page
from pokervod_pipelines.monitoring.incidents.lifecycle import acknowledge, mute, open_by_hand, resolve
from pokervod_pipelines.monitoring.incidents.shape import Subject, SubjectKind
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.monitoring.looked import note_look
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
SEOUL = ZoneInfo("Asia/Seoul")
ANNA, BEN = Actor(who="anna", reason="calling the truck"), Actor(who="ben", reason="the cable was out")

MakeSettings = Callable[..., Settings]


@pytest.fixture(autouse=True)
def looked(engine: Engine) -> None:
    """Let the detectors have looked a moment ago."""
    note_look(engine)


def put_incident(engine: Engine, name: str, summary: str = "no hands") -> int:
    subject = Subject(kind=SubjectKind.SHOW, name=name)
    with engine.begin() as connection:
        return open_by_hand(connection, subject, severity=AlertSeverity.ERROR, summary=summary, actor=ANNA)


def hand_over(engine: Engine, make: MakeSettings, *, since: datetime = NOW - HOUR) -> ShiftHandover:
    return make_handover(engine, make(), since, now=datetime.now(UTC) + timedelta(seconds=1))


def read(handover: ShiftHandover, heading: str) -> list[str]:
    """Return the lines below the heading."""
    _, _, rest = write_markdown(handover, SEOUL).partition(f"## {heading}\n")
    return rest.partition("\n## ")[0].strip().splitlines()


def test_an_empty_shift_says_so_everywhere(engine: Engine, settings_factory: MakeSettings) -> None:
    found = hand_over(engine, settings_factory)

    assert read(found, "What needs a person")[0].startswith("Nothing; looked at incidents,")
    for heading, said in (
        ("Open incidents", "None."),
        ("Muted", "Nothing."),
        ("Held", "Nothing."),
        ("Maintenance", "Nothing is planned."),
        ("Opened in this shift", "None."),
        ("Resolved in this shift", "None."),
        ("Decisions of people", "None."),
        ("Put right without a person", "Nothing."),
    ):
        assert read(found, heading) == [said], heading
    assert "- **Syncs:** none ended" in read(found, "What ran")


def test_incidents_are_where_they_belong_with_who_decided(engine: Engine, settings_factory: MakeSettings) -> None:
    first, second, third = (put_incident(engine, name) for name in ("a", "b", "c"))
    with engine.begin() as connection:
        acknowledge(connection, first, actor=ANNA)
        mute(connection, second, until=NOW + 2 * HOUR, actor=ANNA)
        resolve(connection, third, actor=BEN)

    found = hand_over(engine, settings_factory)
    assert ([each.id for each in found.open], [each.id for each in found.muted]) == ([first], [second])
    assert [each.id for each in found.opened] == [third, second, first]
    assert "    - acknowledged by anna, " in "\n".join(read(found, "Open incidents"))
    assert read(found, "Muted")[1].endswith("by anna: calling the truck")
    assert read(found, "Resolved in this shift")[0].endswith("by ben: no hands (the cable was out)")
    decided = [(each.by, each.type.rpartition(".")[2]) for each in found.decisions]
    assert decided == [("ben", "resolved"), ("anna", "muted"), ("anna", "acknowledged"), ("anna", "opened")]
    assert found.decisions[-1].count == 3


def test_more_than_is_listed_is_counted_and_effects_are_not(engine: Engine, settings_factory: MakeSettings) -> None:
    copy = text("""
        insert into monitoring_events (key, detector, subject_kind, subject, severity, summary, cause_id,
            first_opened_at, opened_at, last_seen_at, resolved_at, resolved_by)
        select 'stale ' || n, 'source_stale', 'sheet', n, 'error', 'not read', case when n > 60 then 1 end,
            :at, :at, :at, case when n > 5 then now() end, case when n > 5 then 'source_stale' end
        from generate_series(1, 2000) n
    """)
    with engine.begin() as connection:
        connection.execute(copy, {"at": NOW - timedelta(minutes=9)})

    found = hand_over(engine, settings_factory)
    assert (found.opened_count, found.resolved_count) == (60, 55)
    assert (len(found.opened), len(found.resolved)) == (50, 50)
    assert "5 open, 0 muted, 0 held, 60 opened, 55 resolved." in write_markdown(found, SEOUL)
    assert read(found, "Resolved in this shift")[-1] == "Only the newest 50 of 55 are listed."
    assert read(found, "Opened in this shift")[-1] == "Only the newest 50 of 60 are listed."


def test_what_was_before_the_shift_is_not_of_it(engine: Engine, settings_factory: MakeSettings) -> None:
    number = put_incident(engine, "a")
    with engine.begin() as connection:
        resolve(connection, number, actor=BEN)
        connection.execute(
            text("""
                update monitoring_events set opened_at = opened_at - interval '9 hours',
                    resolved_at = resolved_at - interval '8 hours'
            """)
        )

    found = hand_over(engine, settings_factory)
    assert (found.opened, found.resolved) == ((), ())
    assert len(hand_over(engine, settings_factory, since=NOW - 10 * HOUR).resolved) == 1


def test_holds_and_windows_are_handed_over(engine: Engine, settings_factory: MakeSettings) -> None:
    with engine.begin() as connection:
        place_hold(connection, Subject(kind=SubjectKind.SHEET, name="notes"), NOW + HOUR, ANNA)
        plan_window(connection, NOW - HOUR, NOW + HOUR, [], BEN)

    found = hand_over(engine, settings_factory)
    assert read(found, "Held")[0].startswith("- sheet notes by anna until ")
    assert read(found, "Maintenance")[0].endswith(", everything, planned by ben: the cable was out")


def test_programs_decide_nothing_and_what_ran_is_counted(engine: Engine, settings_factory: MakeSettings) -> None:
    queue = MeasuredQueue(engine=engine)
    queue.add(NOW - timedelta(minutes=30), 60, "completed")
    queue.add(NOW - timedelta(minutes=30), 60, "failed")
    queue.add(NOW - 3 * HOUR, 60, "completed")
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into events (type, source, correlation_id, payload) values
                ('monitoring.incident.resolved', 'monitoring', '', '{"by": "root_away", "reason": "it is back"}'),
                ('system.sync.completed', 'system', '', '{"mode": "full", "run_id": "a", "failed": []}'),
                ('system.sync.completed', 'system', '', '{"mode": "full", "run_id": "b", "failed": ["nas wsop"]}')
            """)
        )

    found = hand_over(engine, settings_factory)
    assert found.decisions == ()
    ran = "\n".join(read(found, "What ran"))
    assert "2 requested, 1 completed, 1 failed, 0 timed out" in ran
    assert "- **Syncs:** 2 full, 1 with failures, the last " in ran


def test_what_comes_from_outside_is_no_markup(engine: Engine, settings_factory: MakeSettings) -> None:
    put_incident(engine, "a", "<script>alert(1)</script> [click](http://evil) `code` **bold**")

    page = write_page(hand_over(engine, settings_factory), SEOUL)
    assert "<script" not in page
    assert 'href="http://evil"' not in page
    assert "<strong>bold" not in page


def test_times_are_those_of_the_zone(engine: Engine, settings_factory: MakeSettings) -> None:
    put_incident(engine, "a")
    found = hand_over(engine, settings_factory)

    assert f"since {found.open[0].opened_at.astimezone(SEOUL):%Y-%m-%d %H:%M}: no hands" in write_markdown(found, SEOUL)


def test_a_shift_that_has_not_begun_is_refused(engine: Engine, settings_factory: MakeSettings) -> None:
    with pytest.raises(BadInput, match="the shift begins in the future"):
        make_handover(engine, settings_factory(), NOW + HOUR, now=NOW)


def test_a_decision_names_what_it_is_about_and_a_clock_decides_nothing(
    engine: Engine, settings_factory: MakeSettings
) -> None:
    number = put_incident(engine, "a")
    with engine.begin() as connection:
        acknowledge(connection, number, actor=BEN)
        place_hold(connection, Subject(kind=SubjectKind.SHEET, name="notes"), NOW + HOUR, ANNA)
        insert = text("insert into events (type, source, correlation_id, payload) values (:type, 'x', '', :payload)")
        for made in range(7):
            payload = f'{{"by": "eva", "reason": "off", "instruction_id": {made}}}'
            connection.execute(insert, {"type": "render.cancelled", "payload": payload})
        payload = '{"by": "the clock", "reason": "its time has come", "kind": "sheet", "name": "old"}'
        connection.execute(insert, {"type": "monitoring.hold.expired", "payload": payload})
        payload = '{"by": "ben", "reason": "logged in", "address": "10.0.0.7"}'
        connection.execute(insert, {"type": "api.login.succeeded", "payload": payload})

    said = [each.partition(": ")[2] for each in read(hand_over(engine, settings_factory), "Decisions of people")]
    named = ", ".join(f"instruction {each}" for each in range(5))
    assert said == [
        f"render.cancelled × 7, {named} and 2 more: off",
        "monitoring.hold.placed, sheet notes: calling the truck",
        f"monitoring.incident.acknowledged, incident {number}: the cable was out",
        f"monitoring.incident.opened, incident {number}: calling the truck",
    ]


def test_commands_of_an_advice_are_code(engine: Engine, settings_factory: MakeSettings) -> None:
    put_incident(engine, "a")
    with engine.begin() as connection:
        connection.execute(text("update monitoring_events set advice = 'run `pokervod sync`, *then* <b>look</b>'"))

    page = write_page(hand_over(engine, settings_factory), SEOUL)
    assert "run <code>pokervod sync</code>, *then* &#60;b&#62;look&#60;/b&#62;" in page
