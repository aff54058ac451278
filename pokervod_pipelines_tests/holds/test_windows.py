"""Check which things a maintenance window mutes, and that it is planned and cancelled once, signed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.holds.windows import (
    Coverage,
    cancel_window,
    find_window,
    find_windows,
    list_windows,
    plan_window,
)
from pokervod_pipelines.subjects import Subject, SubjectKind

NOW = datetime.now(UTC)
ANNA = Actor(who="anna", reason="the share is moved")
TRACKER = Subject(kind=SubjectKind.SHEET, name="tracker")
WSOP = Subject(kind=SubjectKind.LIBRARY, name="wsop")


def hours(count: float) -> datetime:
    return NOW + timedelta(hours=count)


@pytest.mark.parametrize(
    ("coverage", "muted"),
    [
        ([], {TRACKER, WSOP}),  # everything
        ([Coverage(kind=SubjectKind.SHEET)], {TRACKER}),  # every sheet
        ([Coverage(kind=SubjectKind.LIBRARY, name="wsop")], {WSOP}),
        ([Coverage(kind=SubjectKind.LIBRARY, name="pad")], set()),
        ([Coverage(kind=SubjectKind.SHEET, name="tracker"), Coverage(kind=SubjectKind.LIBRARY)], {TRACKER, WSOP}),
    ],
)
def test_a_window_mutes_what_it_is_about(engine: Engine, coverage: list[Coverage], muted: set[Subject]) -> None:
    with engine.begin() as connection:
        window = plan_window(connection, hours(-1), hours(1), coverage, ANNA)
        found = find_windows(connection, [TRACKER, WSOP], NOW)

    assert found == dict.fromkeys(muted, window)
    assert window.coverage == tuple(coverage)


@pytest.mark.parametrize(("at", "is_muted"), [(1.9, False), (2, True), (2.9, True), (3, False)])
def test_a_window_mutes_from_its_start_to_its_end(engine: Engine, at: float, *, is_muted: bool) -> None:
    with engine.begin() as connection:
        plan_window(connection, hours(2), hours(3), [Coverage(kind=SubjectKind.SHEET, name="tracker")], ANNA)

        assert (find_window(connection, TRACKER, hours(at)) is not None) is is_muted


def test_of_two_windows_the_one_that_ends_last_counts(engine: Engine) -> None:
    with engine.begin() as connection:
        plan_window(connection, hours(-1), hours(1), [], ANNA)
        later = plan_window(connection, hours(-1), hours(2), [Coverage(kind=SubjectKind.SHEET)], ANNA)

        assert find_window(connection, TRACKER, NOW) == later


def test_a_cancelled_window_mutes_nothing_and_is_cancelled_once(engine: Engine) -> None:
    with engine.begin() as connection:
        window = plan_window(connection, hours(-1), hours(1), [], ANNA)
        first = cancel_window(connection, window.id, Actor(who="ben", reason="it was done early"))
        again = cancel_window(connection, window.id, Actor(who="carl", reason="me too"))
        found = find_window(connection, TRACKER, NOW)
        events = connection.execute(text("select type, payload ->> 'by' from events order by id")).all()

    assert (first.cancelled_by, again, found) == ("ben", first, None)
    assert events == [("monitoring.maintenance.planned", "anna"), ("monitoring.maintenance.cancelled", "ben")]


@pytest.mark.parametrize(
    ("since", "until", "problem"),
    [(2, 1, "ends before it begins"), (-3, -1, "is over already"), (0, 24 * 32, "at most 31 days")],
)
def test_a_window_that_cannot_be_is_refused(engine: Engine, since: float, until: float, problem: str) -> None:
    with engine.begin() as connection, pytest.raises(BadInput, match=problem):
        plan_window(connection, hours(since), hours(until), [], ANNA)


def test_an_unknown_window_and_one_that_is_over_cannot_be_cancelled(engine: Engine) -> None:
    with engine.begin() as connection:
        over = plan_window(connection, hours(-1), hours(1), [], ANNA)
        change = "update maintenance_windows set starts_at = now() - interval '2 h', ends_at = now() - interval '1 h'"
        connection.execute(text(change))

        with pytest.raises(BadInput, match="unknown window 99"):
            cancel_window(connection, 99, ANNA)
        with pytest.raises(Conflict, match="is over already"):
            cancel_window(connection, over.id, ANNA)
        assert list_windows(connection) == []
        assert [each.id for each in list_windows(connection, with_past=True)] == [over.id]
