"""Take up what programs of the shared library write into the schema ``hub``: hands here, the rest in its room."""

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.hands.program_import import ProgramImport, import_program_hands
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.hands import link_hands


def read_written(connection: Connection) -> str:
    """Return what programs wrote and nobody has taken up yet, empty for nothing; it differs when they wrote more."""
    written: str | None = connection.scalar(_WRITTEN)
    return written or ""


_WRITTEN = text("""
    select concat_ws(' ',
        (select 'hand ' || max(id) from hub_hands where stored_at is null and problem is null having count(*) > 0),
        (select 'tournament ' || max(id) from hub_tournament_writes where stored_at is null having count(*) > 0),
        (select 'output ' || max(w.id) from hub_outputs w join render_instructions r on r.id = w.instruction_id
            where w.checked_at is null and r.state not in ('pending', 'processing') having count(*) > 0))
""")


def take_hands(engine: Engine, settings: Settings, *, correlation_id: str) -> ProgramImport:
    """Store the hands of programs, link them to clips and to the instructions that programs made of them."""
    taken = import_program_hands(engine, settings, correlation_id=correlation_id)
    if taken.stored:
        link_hands(engine, settings.zone, correlation_id=correlation_id)
        with engine.begin() as connection:
            connection.execute(_NAME_HANDS, {"ids": [str(each) for each in taken.stored]})
    return taken


# A program asks for a graphic of its hand before the hand is stored; locked in order, as all who change many rows do.
_NAME_HANDS = text("""
    with asked as (
        select r.id, cast(w.trigger_id as bigint) as hand_id
        from hub_instructions w join render_instructions r on r.id = w.instruction_id
        where w.trigger_id = any(:ids) and w.trigger_type ilike '%hand%' and r.hand_id is null
        order by r.id for update of r
    )
    update render_instructions r set hand_id = asked.hand_id from asked where r.id = asked.id
""")
