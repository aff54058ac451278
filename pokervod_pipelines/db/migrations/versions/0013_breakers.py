"""which services outside do not answer, for all processes"""

from alembic import op

revision = "0013"
down_revision = "0012"

KEEPS_DATA = True
"""It only adds a table; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    create table breakers (
        name varchar constraint pk_breakers primary key,
        failures integer not null,
        last_error varchar,
        last_failed_at timestamptz,
        opened_at timestamptz,
        next_probe_at timestamptz,
        probe_id uuid,
        correlation_id varchar,
        constraint ck_breakers_failures check (failures >= 0),
        constraint ck_breakers_open check ((opened_at is null) = (next_probe_at is null)),
        constraint ck_breakers_probe check (probe_id is null or opened_at is not null)
    )
    """,
    "comment on table breakers is 'A service outside, and how often in a row it did not answer'",
    "comment on column breakers.opened_at is 'Since when it is not called; null while it is'",
    "comment on column breakers.next_probe_at is 'From then on one call may try; while it does, the end of its lease'",
    "comment on column breakers.correlation_id is 'Of the events of the last opening'",
)

DOWNGRADE: tuple[str, ...] = ("drop table breakers",)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
