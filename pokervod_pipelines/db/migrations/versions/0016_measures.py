"""what was counted by minute, hour and day, and the indexes that measures read"""

from alembic import op

revision = "0016"
down_revision = "0015"

KEEPS_DATA = True
"""It only adds tables and indexes; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    create table measure_rollups (
        measure varchar not null,
        resolution varchar not null,
        at timestamptz not null,
        labels jsonb not null,
        sums jsonb not null,
        constraint pk_measure_rollups primary key (measure, resolution, at, labels),
        constraint ck_measure_rollups_resolution check (resolution in ('minute', 'hour', 'day'))
    )
    """,
    "comment on table measure_rollups is 'What was counted in a minute, an hour or a broadcast day that begins at at'",
    "comment on column measure_rollups.sums is 'Numbers by key; those of an hour and of a day are the sums of minutes'",
    """
    create table measure_marks (
        measure varchar constraint pk_measure_marks primary key,
        rolled_until timestamptz not null
    )
    """,
    "comment on table measure_marks is 'Until when a measure was rolled up; what is later is counted from its rows'",
    """
    create index ix_events_render_counted on events (at) where type in ('render.instruction.created',
        'render.completed', 'render.failed', 'render.timed_out', 'render.cancelled')
    """,
    "create index ix_hands_premium on hands (created_at) where is_premium",
    """
    create index ix_render_instructions_premium on render_instructions (hand_id)
        where trigger_kind = 'premium_hand' and withdrawn_at is null
    """,
)

DOWNGRADE: tuple[str, ...] = (
    "drop index ix_render_instructions_premium",
    "drop index ix_hands_premium",
    "drop index ix_events_render_counted",
    "drop table measure_marks",
    "drop table measure_rollups",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
