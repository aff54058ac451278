"""a request whose action cannot be part of one transaction is noted before it begins"""

from alembic import op

revision = "0032"
down_revision = "0031"

KEEPS_DATA = True
"""It only adds a column and lets another be empty; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    "alter table answered_requests alter column answer drop not null",
    "alter table answered_requests add column correlation_id varchar not null default ''",
    "comment on column answered_requests.answer is 'Null from the beginning of an action to its end'",
)

DOWNGRADE: tuple[str, ...] = (
    "delete from answered_requests where answer is null",
    "alter table answered_requests drop column correlation_id",
    "alter table answered_requests alter column answer set not null",
    "comment on column answered_requests.answer is null",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
