"""Check that decisions are append-only, and that of one subject the newest counts that is not undone."""

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.decisions import (
    DecisionKind,
    find_kind,
    find_undoable,
    read_in_force,
    record,
    undo,
    withdraw,
)
from pokervod_pipelines.errors import BadInput, Conflict

KIM = Actor(who=" kim ", reason="seen\0", correlation_id="c")
SUBJECT = {"file_id": 7, "field": "season"}
CORRECTION = DecisionKind.CORRECTION


def values_in_force(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return [each.value for each in read_in_force(connection, CORRECTION)]


def test_the_newest_decision_counts_until_it_is_undone(engine: Engine) -> None:
    with engine.begin() as connection:
        record(connection, CORRECTION, SUBJECT, 12, actor=KIM)
        newer = record(connection, CORRECTION, SUBJECT, 13, actor=KIM, before=12)
        record(connection, CORRECTION, {**SUBJECT, "field": "year"}, None, actor=KIM)
    assert values_in_force(engine) == [13, None]

    with engine.begin() as connection:
        undo(connection, newer, actor=KIM, value=12, before=13)
    assert values_in_force(engine) == [12, None]


def test_a_withdrawn_subject_has_no_decision_not_even_an_older_one(engine: Engine) -> None:
    with engine.begin() as connection:
        record(connection, CORRECTION, SUBJECT, 12, actor=KIM)
        record(connection, CORRECTION, SUBJECT, 13, actor=KIM)
        withdraw(connection, CORRECTION, SUBJECT, actor=KIM)
        assert read_in_force(connection, CORRECTION, SUBJECT) == []

        record(connection, CORRECTION, SUBJECT, 14, actor=KIM)
    assert values_in_force(engine) == [14]


def test_a_decision_is_returned_as_it_is_read_and_signed_with_storable_text(engine: Engine) -> None:
    with engine.begin() as connection:
        recorded = record(connection, CORRECTION, SUBJECT, ["Ana"], actor=KIM, before={"x": 1})
    with engine.connect() as connection:
        assert read_in_force(connection, CORRECTION, SUBJECT) == [recorded]
    assert (recorded.by, recorded.reason, recorded.correlation_id) == ("kim", "seen\ufffd", "c")


def test_a_decision_is_undone_once_and_an_undo_never(engine: Engine) -> None:
    with engine.begin() as connection:
        decision = record(connection, CORRECTION, SUBJECT, 12, actor=KIM)
        undoing = undo(connection, decision, actor=KIM, value=None, before=12)

        with pytest.raises(Conflict, match=f"undone already, by row {undoing.id}"):
            find_undoable(connection, CORRECTION, decision.id, hint="see the list")
        for unknown in (undoing.id, 99):
            with pytest.raises(BadInput, match=f"unknown correction {unknown}; see the list"):
                find_undoable(connection, CORRECTION, unknown, hint="see the list")


def test_a_decision_is_found_by_its_id_with_what_it_is_about(engine: Engine) -> None:
    with engine.begin() as connection:
        entry = record(connection, DecisionKind.CATALOG_ENTRY, {"project": "GOG"}, {"project": "GOG"}, actor=KIM)
        undoing = undo(connection, entry, actor=KIM, value=None, before=entry.value)

        found = [find_kind(connection, each) for each in (entry.id, undoing.id, undoing.id + 1)]
    assert found == [DecisionKind.CATALOG_ENTRY, DecisionKind.CATALOG_ENTRY, None]
