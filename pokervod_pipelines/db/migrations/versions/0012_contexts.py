"""what the runs of one request tell each other"""

from alembic import op

revision = "0012"
down_revision = "0011"

KEEPS_DATA = True
"""It only adds tables; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    create table contexts (
        correlation_id varchar constraint pk_contexts primary key,
        used_at timestamptz not null default now()
    )
    """,
    "comment on table contexts is 'A request whose runs share values; it ends some time after its last use'",
    "create index ix_contexts_used_at on contexts (used_at)",
    """
    create table context_changes (
        correlation_id varchar not null constraint fk_context_changes_correlation_id_contexts
            references contexts on delete cascade,
        key varchar not null,
        version integer not null,
        value json not null,
        bytes integer not null,
        by varchar not null,
        at timestamptz not null default clock_timestamp(),
        constraint pk_context_changes primary key (correlation_id, key, version)
    )
    """,
    "comment on column context_changes.bytes is 'Of the value, so that a sum need not read it'",
    "comment on table context_changes is 'Every value that a key of a context has had; the highest version counts'",
)

DOWNGRADE: tuple[str, ...] = ("drop table context_changes", "drop table contexts")


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
