"""what was answered to requests for a change, so that one that is sent again changes nothing"""

from alembic import op

revision = "0029"
down_revision = "0028"

KEEPS_DATA = True
"""It only adds a table; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    create table answered_requests (
        who varchar not null,
        key varchar not null,
        request bytea not null,
        answer jsonb not null,
        at timestamptz not null default now(),
        constraint pk_answered_requests primary key (who, key)
    )
    """,
    "create index ix_answered_requests_at on answered_requests (at)",
    "comment on table answered_requests is 'Answers by Idempotency-Key, kept for a day'",
    "comment on column answered_requests.request is 'Digest of method, path and body: a key is of one request'",
)

DOWNGRADE: tuple[str, ...] = ("drop table answered_requests",)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
