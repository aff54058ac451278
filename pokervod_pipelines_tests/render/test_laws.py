"""Check that the order of hands and the number of calls do not change which graphics are made."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines_tests.render.render_database import RenderDatabase
from pokervod_pipelines_tests.sizes import choose

STEPS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from([40_000, 50_000]),
        st.booleans(),
        st.sampled_from(["", "make", "make", "complete", "process"]),
    ),
    max_size=8,
)
OLDEST = "select id from render_instructions where state in ('pending', 'processing') order by id limit 1"
IN_FORCE = """
    select hand_id, template, digest from render_instructions
    where superseded_by is null and withdrawn_at is null and state = 'pending' order by 1
"""


def play(database: RenderDatabase, steps: list[Any], *, with_workers: bool) -> None:
    for number, pot, is_premium, then in steps:
        database.put_hand(number, pot=pot, is_premium=is_premium)
        if then == "make":
            database.make()
        elif then and with_workers:
            state = {"complete": "completed", "process": "processing"}[then]
            for row in database.execute(OLDEST):
                database.set_state(row.id, state)
    database.make()


@settings(max_examples=choose(8, long=50))
@given(steps=STEPS)
def test_pending_instructions_follow_the_last_state_of_the_hands(database: RenderDatabase, steps: list[Any]) -> None:
    database.clear()
    play(database, steps, with_workers=False)
    waiting, versions = [tuple(row)[1:] for row in database.execute(IN_FORCE)], database.versions()
    assert database.make().changed == database.make(None).changed == 0
    assert database.versions() == versions

    last = {number: (number, pot, is_premium, "") for number, pot, is_premium, _ in steps}
    database.clear()
    play(database, [last[number] for number in last], with_workers=False)

    assert sorted(tuple(row)[1:] for row in database.execute(IN_FORCE)) == sorted(waiting)


@settings(max_examples=choose(8, long=50))
@given(steps=STEPS)
def test_whatever_workers_do_meanwhile_one_version_is_in_force_and_everything_outdated_is_flagged(
    database: RenderDatabase, steps: list[Any]
) -> None:
    database.clear()
    play(database, steps, with_workers=True)

    assert not database.execute("""
        select trigger_key from render_instructions where superseded_by is null group by 1 having count(*) > 1
    """)
    wrong = database.execute("""
        select r.id from render_instructions r join hands h on h.id = r.hand_id
        where r.superseded_by is null and not (h.is_premium and h.pot = (r.layers ->> 'pot')::bigint)
          and r.flagged is null and r.cancel_requested is null and r.state <> 'cancelled'
    """)
    assert not wrong
    missing = database.execute("""
        select h.id from hands h where h.is_premium and not exists (
            select from render_instructions r where r.hand_id = h.id and r.superseded_by is null
              and r.withdrawn_at is null and r.state <> 'cancelled')
    """)
    assert not missing
    assert database.make().changed == 0
