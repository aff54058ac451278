"""how each service was, as each machine saw it last"""

from alembic import op

revision = "0017"
down_revision = "0016"

KEEPS_DATA = True
"""It only adds a table; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    create table health_states (
        host varchar not null,
        service varchar not null,
        state varchar not null,
        summary varchar not null,
        changed_at timestamptz not null,
        correlation_id varchar not null,
        repaired_at timestamptz,
        repair varchar,
        constraint pk_health_states primary key (host, service),
        constraint ck_health_states_repair check ((repaired_at is null) = (repair is null))
    )
    """,
    "comment on table health_states is 'How a service is, as a machine sees it; written when that changes'",
    "comment on column health_states.summary is 'What was found when the state changed'",
    "comment on column health_states.correlation_id is 'Of the events of this state'",
    "comment on column health_states.repaired_at is 'When its hook was run; null until then: it is run once a state'",
    "comment on column health_states.repair is 'How the hook ended, for people'",
)

DOWNGRADE: tuple[str, ...] = ("drop table health_states",)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
