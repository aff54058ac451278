"""what detectors remember, and who looks"""

from alembic import op

revision = "0023"
down_revision = "0022"

KEEPS_DATA = True
"""It only adds tables and an index; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    create table detector_memory (
        id integer constraint pk_detector_memory primary key default 1,
        looked_at timestamptz not null,
        looker varchar not null,
        history jsonb not null,
        looks jsonb not null,
        constraint ck_detector_memory_one check (id = 1)
    )
    """,
    "comment on table detector_memory is 'What the detectors found last, and since when: one row'",
    "comment on column detector_memory.looker is 'Who looked last: the sensor or the watcher'",
    "comment on column detector_memory.history is 'What is found and since when; also what has not lasted long enough'",
    "comment on column detector_memory.looks is 'How each detector looked: whether it could judge, and in a sentence'",
    """
    create table detector_lookers (
        looker varchar not null,
        host varchar not null,
        looked_at timestamptz,
        seconds double precision,
        spooled_until timestamptz,
        constraint pk_detector_lookers primary key (looker, host)
    )
    """,
    "comment on table detector_lookers is 'Where the detectors run, so that each of them sees whether the others do'",
    "comment on column detector_lookers.seconds is 'How long the last look took'",
    "comment on column detector_lookers.spooled_until is "
    "'What its file of looks without a database says is recorded up to then'",
    """
    create index ix_render_instructions_failed on render_instructions (finished_at)
        where state in ('failed', 'timed_out')
    """,
)

DOWNGRADE: tuple[str, ...] = (
    "drop index ix_render_instructions_failed",
    "drop table detector_lookers",
    "drop table detector_memory",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
