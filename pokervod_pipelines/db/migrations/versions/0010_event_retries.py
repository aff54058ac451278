"""versions of payloads, rounds of consumers, events whose handler failed"""

from alembic import op

revision = "0010"
down_revision = "0009"

KEEPS_DATA = True
"""It only adds columns and a table; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    alter table event_cursors add column types varchar[] not null default '{}',
        add column round_snapshot varchar, add column round_end bigint
    """,
    """
    update event_cursors set types = '{hand.created,hand.changed,tournament.changed,tournament.level.ended,
        tournament.player.eliminated}' where consumer = 'render instructions'
    """,
    "alter table events add column version smallint not null default 1",
    "comment on column events.version is 'Of the shape of the payload'",
    "comment on column event_cursors.types is 'The types that the consumer read last'",
    "comment on column event_cursors.round_snapshot is "
    "'Of the round that is read: in it, everything up to event_id is done; null between rounds'",
    "comment on column event_cursors.round_end is 'The last event of the round'",
    """
    create table event_retries (
        consumer varchar not null,
        event_id bigint not null constraint fk_event_retries_event_id_events references events,
        sequence varchar not null,
        attempts integer not null default 0,
        error varchar,
        failed_at timestamptz,
        next_try_at timestamptz,
        parked_at timestamptz,
        constraint pk_event_retries primary key (consumer, event_id)
    )
    """,
    "comment on table event_retries is 'Events that a consumer could not handle, and those that wait behind them'",
    "comment on column event_retries.sequence is "
    "'Events of one are handled in order: the correlation id, or the id of an event without one'",
    "comment on column event_retries.next_try_at is 'Null for one behind another: it is due when it is first'",
    "create index ix_event_retries_sequence on event_retries (consumer, sequence, event_id) where parked_at is null",
    "create index ix_event_retries_event_id on event_retries (event_id)",
)

DOWNGRADE: tuple[str, ...] = (
    "drop table event_retries",
    "alter table events drop column version",
    "alter table event_cursors drop column types, drop column round_snapshot, drop column round_end",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
