"""what the last reading of a sheet read, and when the status of a row was written"""

from alembic import op

revision = "0008"
down_revision = "0007"

KEEPS_DATA = True
"""It only adds columns; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    "alter table sheet_states add column place varchar, add column digest varchar, add column write_problem varchar",
    "comment on column sheet_states.place is 'Where the sheet was when it was read; null before this was recorded'",
    "comment on column sheet_states.digest is 'Of what was read: another one means that a pass may change rows'",
    "comment on column sheet_states.write_problem is 'Why the last pass wrote no statuses; null if it wrote them'",
    "alter table sheet_rows add column status_at timestamptz",
    "comment on column sheet_rows.status_at is 'When the status of the row was last written into the sheet'",
    # rollouts: weeks are found by title, results by what was judged
    "alter table rollout_weeks add column title varchar",
    "alter table rollout_results add column digest varchar",
    "comment on column rollout_results.digest is 'Of the criterion as it was judged; null before this was recorded'",
    "alter table rollout_attempts drop constraint fk_rollout_attempts_plan_rollout_weeks",
    """
    alter table rollout_attempts add constraint fk_rollout_attempts_plan_rollout_weeks
        foreign key (plan, week) references rollout_weeks on update cascade
    """,
    "alter table rollouts drop constraint ck_rollouts_state",
    """
    alter table rollouts add constraint ck_rollouts_state
        check (state in ('running', 'waiting', 'paused', 'escalated', 'completed', 'abandoned'))
    """,
)

DOWNGRADE: tuple[str, ...] = (
    "update rollouts set state = 'paused' where state = 'abandoned'",
    "alter table rollouts drop constraint ck_rollouts_state",
    """
    alter table rollouts add constraint ck_rollouts_state
        check (state in ('running', 'waiting', 'paused', 'escalated', 'completed'))
    """,
    "alter table rollout_attempts drop constraint fk_rollout_attempts_plan_rollout_weeks",
    """
    alter table rollout_attempts add constraint fk_rollout_attempts_plan_rollout_weeks
        foreign key (plan, week) references rollout_weeks
    """,
    "alter table rollout_results drop column digest",
    "alter table rollout_weeks drop column title",
    "alter table sheet_rows drop column status_at",
    "alter table sheet_states drop column place, drop column digest, drop column write_problem",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
