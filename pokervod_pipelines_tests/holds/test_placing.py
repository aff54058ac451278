"""Check who holds what until when, who releases it, and that each change is signed once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.holds.listing import Hold, describe_end, find_hold, find_holds, list_held_names, list_holds
from pokervod_pipelines.holds.placing import end_expired, name_holdable, place_hold, release_holds
from pokervod_pipelines.subjects import Subject, SubjectKind

ANNA, BEN = Actor(who="anna", reason="the sheet is rebuilt"), Actor(who="ben", reason="wait for the producer")
TRACKER = Subject(kind=SubjectKind.SHEET, name="tracker")
SEOUL = ZoneInfo("Asia/Seoul")


def later(hours: float = 1) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def pass_time(connection: Connection) -> None:
    """Let every hold that has an end be over."""
    connection.execute(
        text("""
            update holds set placed_at = now() - interval '2 hours', until = now() - interval '1 hour'
            where until is not null
        """)
    )


def list_events(connection: Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute(text("select type, payload ->> 'by', payload ->> 'placed_by' from events order by id"))
    return [(row[0].removeprefix("monitoring.hold."), row[1], row[2]) for row in rows]


def find_tracker(connection: Connection) -> Hold | None:
    return find_hold(connection, SubjectKind.SHEET, "tracker")


def test_what_is_held_is_found_until_its_time(engine: Engine) -> None:
    until = later()
    with engine.begin() as connection:
        hold = place_hold(connection, TRACKER, until, ANNA)
        found = find_holds(connection, SubjectKind.SHEET, ["tracker", "other"])
        all_sheets = find_holds(connection, SubjectKind.SHEET)
        names = list_held_names(connection)

        assert (found, all_sheets) == ({"tracker": hold}, {"tracker": hold})
        assert {kind: held for kind, held in names.items() if held} == {SubjectKind.SHEET: {"tracker"}}
        assert (hold.by, hold.reason, hold.until) == ("anna", "the sheet is rebuilt", until)
        assert find_holds(connection, SubjectKind.LIBRARY) == {}
        pass_time(connection)
        assert find_tracker(connection) is None
        assert list_holds(connection) == []


def test_a_hold_that_expired_is_recorded_once_as_ended_at_its_time(engine: Engine) -> None:
    with engine.begin() as connection:
        place_hold(connection, TRACKER, later(), ANNA)
        place_hold(connection, TRACKER, None, BEN)
        pass_time(connection)

        assert [(each.by, each.ended_at == each.until) for each in end_expired(connection)] == [("anna", True)]
        assert end_expired(connection) == []
        assert list_events(connection)[-1] == ("expired", "the clock", "anna")
        held = find_tracker(connection)
        assert held is not None
        assert (held.by, held.until) == ("ben", None)


def test_a_thing_is_free_when_the_last_person_has_released_it(engine: Engine) -> None:
    with engine.begin() as connection:
        place_hold(connection, TRACKER, later(2), ANNA)
        place_hold(connection, TRACKER, later(1), BEN)
        by_anna = release_holds(connection, TRACKER, ANNA)
        left = find_tracker(connection)
        again = release_holds(connection, TRACKER, ANNA)
        by_ben = release_holds(connection, TRACKER, BEN)

        assert [each.by for each in (*by_anna, *by_ben)] == ["anna", "ben"]
        assert left is not None
        assert left.by == "ben"
        assert again == []
        assert find_tracker(connection) is None
        assert [each for each in list_events(connection) if each[0] == "released"] == [
            ("released", "anna", "anna"),
            ("released", "ben", "ben"),
        ]


def test_another_person_releases_what_all_hold_if_told_so(engine: Engine) -> None:
    with engine.begin() as connection:
        place_hold(connection, TRACKER, None, ANNA)
        refused = release_holds(connection, TRACKER, BEN)
        released = release_holds(connection, TRACKER, BEN, everyone=True)

        assert refused == []
        assert [(each.by, each.ended_by, each.end_reason) for each in released] == [("anna", "ben", BEN.reason)]
        assert list_events(connection)[-1] == ("released", "ben", "anna")


def test_a_person_who_holds_again_replaces_his_hold(engine: Engine) -> None:
    until = later(3)
    with engine.begin() as connection:
        place_hold(connection, TRACKER, later(1), ANNA)
        second = place_hold(connection, TRACKER, until, ANNA)
        same = place_hold(connection, TRACKER, until, ANNA)

        assert same == second
        assert [each.until for each in list_holds(connection)] == [until]
        assert [each[0] for each in list_events(connection)] == ["placed", "placed"]
        assert len(list_holds(connection, with_past=True)) == 2


@pytest.mark.parametrize(
    ("kind", "name", "problem"),
    [
        ("shet", "tracker", "'shet' cannot be held; did you mean `sheet`"),
        ("hand", "17", "'hand' cannot be held; "),
        ("sheet", " ", "the name of the sheet is required"),
        ("instruction", "first", "expected the number of an instruction, got 'first'"),
        ("instruction", "9" * 30, "expected the number of an instruction"),
    ],
)
def test_what_cannot_be_held_is_refused(kind: str, name: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        name_holdable(kind, name)


@pytest.mark.parametrize(("kind", "name"), [("instruction", "17"), ("worker", "w9")])
def test_an_unknown_instruction_or_worker_is_refused(engine: Engine, kind: str, name: str) -> None:
    with engine.begin() as connection, pytest.raises(BadInput, match=f"unknown {kind} {name}; `pokervod render "):
        place_hold(connection, name_holdable(kind, name), None, ANNA)


def test_a_time_that_has_passed_is_refused(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(BadInput, match="--until has passed already"):
        place_hold(connection, TRACKER, later(-1), ANNA)


def test_its_end_is_told_as_clocks_show_it() -> None:
    tomorrow = datetime.now(SEOUL).replace(hour=18, minute=0) + timedelta(days=1)

    assert describe_end(None, SEOUL) == "until released"
    assert describe_end(datetime.now(SEOUL).replace(hour=18, minute=0), SEOUL) == "until 18:00"
    assert describe_end(tomorrow.astimezone(UTC), SEOUL) == f"until {tomorrow:%Y-%m-%d} 18:00"
