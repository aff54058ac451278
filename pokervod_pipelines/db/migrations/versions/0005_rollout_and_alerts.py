"""rollout and alerts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("correlation_id", sa.String(), server_default="", nullable=False),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_raised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("acknowledged_reason", sa.String(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=True),
        sa.Column("resolved_reason", sa.String(), nullable=True),
        sa.CheckConstraint("severity in ('info', 'warning', 'critical')", name=op.f("ck_alerts_severity")),
        sa.CheckConstraint("(resolved_at is null) = (resolved_by is null)", name=op.f("ck_alerts_resolved")),
        sa.CheckConstraint("times >= 1", name=op.f("ck_alerts_times")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_raised_at", "alerts", ["raised_at", "id"], unique=False)
    op.create_index(
        "uq_alerts_open_key", "alerts", ["key"], unique=True, postgresql_where=sa.text("resolved_at is null")
    )
    op.create_table(
        "rollout_programmes",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="running", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state in ('running', 'waiting', 'paused', 'escalated', 'completed')",
            name=op.f("ck_rollout_programmes_state"),
        ),
        sa.PrimaryKeyConstraint("plan", name=op.f("pk_rollout_programmes")),
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("doubt", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state in ('claimed', 'sending')) = (claim_id is not null and lease_until is not null)",
            name=op.f("ck_alert_deliveries_held"),
        ),
        sa.CheckConstraint(
            "(state in ('delivered', 'overtaken', 'dead')) = (ended_at is not null)",
            name=op.f("ck_alert_deliveries_ended"),
        ),
        sa.CheckConstraint("severity in ('info', 'warning', 'critical')", name=op.f("ck_alert_deliveries_severity")),
        sa.CheckConstraint(
            "state in ('waiting', 'claimed', 'sending', 'delivered', 'overtaken', 'dead')",
            name=op.f("ck_alert_deliveries_state"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_alert_deliveries_attempts")),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_deliveries_alert_id_alerts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_deliveries")),
        sa.UniqueConstraint("alert_id", "severity", "channel", name="uq_alert_deliveries_message"),
    )
    op.create_index(
        "ix_alert_deliveries_open",
        "alert_deliveries",
        ["channel", "due_at"],
        unique=False,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "rollout_escalations",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("week", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan"], ["rollout_programmes.plan"], name=op.f("fk_rollout_escalations_plan_rollout_programmes")
        ),
        sa.PrimaryKeyConstraint("plan", "week", "round", name=op.f("pk_rollout_escalations")),
    )
    op.create_table(
        "rollout_interventions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan"], ["rollout_programmes.plan"], name=op.f("fk_rollout_interventions_plan_rollout_programmes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_interventions")),
    )
    op.create_index(op.f("ix_rollout_interventions_plan"), "rollout_interventions", ["plan"], unique=False)
    op.create_table(
        "rollout_overrides",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("week", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan"], ["rollout_programmes.plan"], name=op.f("fk_rollout_overrides_plan_rollout_programmes")
        ),
        sa.PrimaryKeyConstraint("plan", "week", "criterion", name=op.f("pk_rollout_overrides")),
    )
    op.create_table(
        "rollout_weeks",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(), server_default="pending", nullable=False),
        sa.Column("round", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_try_at is not null)", name=op.f("ck_rollout_weeks_waits_until")
        ),
        sa.CheckConstraint(
            "state in ('pending', 'running', 'waiting', 'passed', 'failed')", name=op.f("ck_rollout_weeks_state")
        ),
        sa.ForeignKeyConstraint(
            ["plan"], ["rollout_programmes.plan"], name=op.f("fk_rollout_weeks_plan_rollout_programmes")
        ),
        sa.PrimaryKeyConstraint("plan", "number", name=op.f("pk_rollout_weeks")),
    )
    op.create_table(
        "rollout_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(ended_at is null) = (passed is null)", name=op.f("ck_rollout_attempts_ends_with_a_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["plan", "week"],
            ["rollout_weeks.plan", "rollout_weeks.number"],
            name=op.f("fk_rollout_attempts_plan_rollout_weeks"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_attempts")),
    )
    op.create_index("uq_rollout_attempts_number", "rollout_attempts", ["plan", "week", "round", "number"], unique=True)
    op.create_table(
        "rollout_fixes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("fixer", sa.String(), nullable=False),
        sa.Column("error_class", sa.String(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["rollout_attempts.id"], name=op.f("fk_rollout_fixes_attempt_id_rollout_attempts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_fixes")),
    )
    op.create_index(op.f("ix_rollout_fixes_attempt_id"), "rollout_fixes", ["attempt_id"], unique=False)
    op.create_table(
        "rollout_results",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("is_overridden", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error_class", sa.String(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["rollout_attempts.id"], name=op.f("fk_rollout_results_attempt_id_rollout_attempts")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "criterion", name=op.f("pk_rollout_results")),
    )


def downgrade() -> None:
    op.drop_table("rollout_results")
    op.drop_index(op.f("ix_rollout_fixes_attempt_id"), table_name="rollout_fixes")
    op.drop_table("rollout_fixes")
    op.drop_index("uq_rollout_attempts_number", table_name="rollout_attempts")
    op.drop_table("rollout_attempts")
    op.drop_table("rollout_weeks")
    op.drop_table("rollout_overrides")
    op.drop_index(op.f("ix_rollout_interventions_plan"), table_name="rollout_interventions")
    op.drop_table("rollout_interventions")
    op.drop_table("rollout_escalations")
    op.drop_index(
        "ix_alert_deliveries_open", table_name="alert_deliveries", postgresql_where=sa.text("ended_at is null")
    )
    op.drop_table("alert_deliveries")
    op.drop_table("rollout_programmes")
    op.drop_index("uq_alerts_open_key", table_name="alerts", postgresql_where=sa.text("resolved_at is null"))
    op.drop_index("ix_alerts_raised_at", table_name="alerts")
    op.drop_table("alerts")
