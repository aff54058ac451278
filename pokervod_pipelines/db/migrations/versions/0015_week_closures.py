"""weeks that were closed, and indexes to find what a week brought"""

from alembic import op

revision = "0015"
down_revision = "0014"

KEEPS_DATA = True
"""It only adds a table and indexes; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    create table week_closures (
        week varchar,
        stage varchar,
        looked_at bigint not null,
        good bigint not null,
        sentence varchar not null,
        closed_at timestamptz not null,
        correlation_id varchar not null,
        constraint pk_week_closures primary key (week, stage),
        constraint ck_week_closures_week check (week ~ '^[0-9]{4}-W[0-9]{2}$'),
        constraint ck_week_closures_good check (good between 0 and looked_at)
    )
    """,
    "comment on table week_closures is 'What each stage of a week was when the week was closed; never changed'",
    "comment on column week_closures.looked_at is 'How much ought to have been there, good how much of it was'",
    "create index ix_nas_files_first_seen_at on nas_files (first_seen_at)",
    "create index ix_sheet_rows_created_at on sheet_rows (created_at)",
)

DOWNGRADE: tuple[str, ...] = (
    "drop index ix_sheet_rows_created_at",
    "drop index ix_nas_files_first_seen_at",
    "drop table week_closures",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
