"""which runs events ask for, and what a watcher looks at"""

from alembic import op

revision = "0014"
down_revision = "0013"

KEEPS_DATA = True
"""It only adds tables; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    create table run_requests (
        id bigint generated always as identity constraint pk_run_requests primary key,
        workflow varchar not null,
        input jsonb not null,
        correlation_id varchar not null,
        event_id bigint not null,
        first_at timestamptz not null,
        asked_at timestamptz not null,
        due_at timestamptz not null,
        made_by varchar,
        priority integer not null,
        attempt integer not null,
        run_key varchar,
        handed_at timestamptz,
        constraint ck_run_requests_handed check ((run_key is null) = (handed_at is null)),
        constraint ck_run_requests_attempt check (attempt > 0)
    )
    """,
    """
    create unique index ix_run_requests_waiting on run_requests (workflow, input, correlation_id)
        where run_key is null
    """,
    "comment on table run_requests is 'A run that events ask for, until it is recorded'",
    "comment on column run_requests.event_id is 'The newest event that asked, at asked_at'",
    "comment on column run_requests.made_by is 'The asset whose step appends such events'",
    "comment on column run_requests.run_key is 'Tag of the run that answers it; null until its time has come'",
    """
    create table watches (
        source varchar constraint pk_watches primary key,
        watcher varchar not null,
        seen_at timestamptz not null,
        doing varchar not null default ''
    )
    """,
    "comment on table watches is 'A source that a watcher looks at, in place of the sensor'",
    "comment on column watches.seen_at is 'When it looked last; old where it hangs'",
    "comment on column watches.doing is 'What it runs or waits for, for people'",
)

DOWNGRADE: tuple[str, ...] = ("drop table watches", "drop table run_requests")


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
