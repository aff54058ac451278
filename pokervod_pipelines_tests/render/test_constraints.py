"""Check what the database itself refuses."""

import itertools
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from pokervod_pipelines.render.states import ALLOWED_TRANSITIONS, State
from pokervod_pipelines_tests.render.render_database import DAY, RenderDatabase

GOOD: dict[str, Any] = {
    "template": "'elimination'",
    "layers": "'{}'",
    "output": "'{}'",
    "digest": "''",
    "trigger_kind": "'person'",
    "trigger_key": "'k'",
    "broadcast_day": f"'{DAY}'",
    "by": "'eva'",
}


def insert(database: RenderDatabase, **values: str) -> None:
    row = GOOD | values
    database.execute(f"insert into render_instructions ({', '.join(row)}) values ({', '.join(row.values())})")


def test_a_new_row_is_pending_and_unclaimed_with_three_retries(database: RenderDatabase) -> None:
    insert(database)

    (row,) = database.execute("select * from render_instructions")
    assert (row.state, row.priority, row.version, row.retry_count, row.max_retries) == ("pending", 5, 1, 0, 3)
    assert (row.claim_id, row.lease_until, row.superseded_by, row.flagged, row.progress) == (None,) * 5
    assert row.due_at == row.created_at == row.changed_at


REFUSED = [
    {"state": "'done'"},
    {"priority": "0"},
    {"priority": "11"},
    {"version": "0"},
    {"retry_count": "-1"},
    {"progress": "1.5"},
    {"hand_id": "987654321"},
    {"superseded_by": "987654321"},
    {"id": "7", "superseded_by": "7"},
    {"by": "null"},
]


@pytest.mark.parametrize("values", REFUSED, ids=str)
def test_impossible_values_are_refused(database: RenderDatabase, values: dict[str, str]) -> None:
    with pytest.raises(IntegrityError):
        insert(database, **values)


def test_a_trigger_and_template_have_each_version_once(database: RenderDatabase) -> None:
    insert(database)
    insert(database, version="2")
    insert(database, template="'leaderboard'")

    with pytest.raises(IntegrityError, match="uq_render_instructions_trigger_version"):
        insert(database)


def test_every_transition_that_is_not_allowed_is_refused(database: RenderDatabase) -> None:
    for before, after in itertools.product(State, State):
        database.clear()
        insert(database)
        (stored,) = database.find()
        if before is not State.PENDING:
            database.set_state(stored.id, before)
        is_allowed = after in ALLOWED_TRANSITIONS[before] or before is after

        with nullcontext() if is_allowed else pytest.raises(IntegrityError, match="cannot become"):
            database.execute(UPDATE[after is State.PROCESSING], state=after)


UPDATE = {
    False: "update render_instructions set state = :state, claim_id = null",
    True: """
        update render_instructions set state = :state, claimed_by = 'w', heartbeat_at = now(), started_at = now(),
            lease_until = now(), claim_id = coalesce(claim_id, gen_random_uuid())
    """,
}


@pytest.mark.parametrize("state", [state for state in State if state is not State.PENDING])
def test_an_instruction_begins_as_pending(database: RenderDatabase, state: State) -> None:
    with pytest.raises(IntegrityError):
        insert(database, state=f"'{state}'")


def test_a_claimed_row_cannot_be_claimed_again(database: RenderDatabase) -> None:
    insert(database)
    database.set_state(database.find()[0].id, "processing")

    with pytest.raises(IntegrityError, match="held by another claim"):
        database.execute("update render_instructions set claim_id = gen_random_uuid()")


def test_a_running_row_has_a_claim(database: RenderDatabase) -> None:
    insert(database)

    with pytest.raises(IntegrityError, match="held_while_processing"):
        database.execute("update render_instructions set state = 'processing'")


def test_the_best_pending_instruction_is_found_by_index(database: RenderDatabase) -> None:
    database.execute(
        """
        insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by,
                                         renderer, priority)
        select 'elimination', '{}', '{}', '', 'person', n::text, :day, 'eva',
               case when n % 20 = 0 then 'local' else 'nexrender' end, 1 + n % 10
        from generate_series(1, 4000) n
        """,
        day=DAY,
    )
    database.execute("analyze render_instructions")

    plan = database.execute("""
        explain select id from render_instructions where state = 'pending' and renderer = 'local' and due_at <= now()
        order by rank, id limit 1 for update skip locked
    """)

    assert any("ix_render_instructions_claim" in row[0] for row in plan)
    assert not any("Sort" in row[0] for row in plan)
