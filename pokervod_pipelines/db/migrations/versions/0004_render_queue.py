"""render queue"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

MOVES = (
    *("pending>processing", "pending>cancelled"),
    *("processing>completed", "processing>failed", "processing>timed_out", "processing>cancelled"),
    *("processing>pending", "failed>pending", "timed_out>pending", "cancelled>pending"),
    *("failed>cancelled", "timed_out>cancelled"),
)
HELD = (
    "(state = 'processing') = (claim_id is not null and claimed_by is not null and lease_until is not null"
    " and heartbeat_at is not null and started_at is not null)"
)
GUARD = f"""
    create function guard_render_instruction() returns trigger language plpgsql as $$
    begin
        if tg_op = 'INSERT' then
            if new.state <> 'pending' then
                raise exception 'a render instruction begins as pending, not as %', new.state
                    using errcode = 'check_violation', constraint = 'render_transition';
            end if;
        elsif new.state <> old.state and not (old.state || '>' || new.state = any(array{list(MOVES)})) then
            raise exception 'render instruction %: % cannot become %', old.id, old.state, new.state
                using errcode = 'check_violation', constraint = 'render_transition';
        elsif new.state = 'processing' and old.claim_id <> new.claim_id then
            raise exception 'render instruction %: it is held by another claim', old.id
                using errcode = 'check_violation', constraint = 'render_claim';
        end if;
        new.rank := new.created_at + new.priority * interval '30 minutes';
        if new.state = 'pending' and (tg_op = 'INSERT' or old.state <> 'pending') then
            perform pg_notify('pokervod_render', 'pending');
        elsif new.cancel_requested is not null and new.state = 'processing' and old.cancel_requested is null then
            perform pg_notify('pokervod_render', 'cancel');
        end if;
        return new;
    end $$
"""


def upgrade() -> None:
    op.create_table(
        "render_pauses",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("scope = 'all' or scope ~ '^(renderer|template):.'", name=op.f("ck_render_pauses_scope")),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_render_pauses")),
    )
    op.create_table(
        "render_workers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("renderers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("strikes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("set_aside", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_render_workers")),
    )
    op.create_table(
        "render_attempts",
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("instruction_id", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "outcome in ('completed', 'failed', 'handed_back', 'lost', 'cancelled')",
            name=op.f("ck_render_attempts_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["instruction_id"],
            ["render_instructions.id"],
            name=op.f("fk_render_attempts_instruction_id_render_instructions"),
        ),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_render_attempts")),
    )
    op.create_index(op.f("ix_render_attempts_instruction_id"), "render_attempts", ["instruction_id"], unique=False)
    op.create_index("ix_render_attempts_worker_ended_at", "render_attempts", ["worker", "ended_at"], unique=False)
    op.create_table(
        "render_outputs",
        sa.Column("instruction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("fps", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("pixel_format", sa.String(), nullable=False),
        sa.Column("picture_hash", sa.String(), nullable=True),
        sa.Column("preview", sa.LargeBinary(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instruction_id"],
            ["render_instructions.id"],
            name=op.f("fk_render_outputs_instruction_id_render_instructions"),
        ),
        sa.PrimaryKeyConstraint("instruction_id", name=op.f("pk_render_outputs")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_render_outputs_claim_id")),
        sa.UniqueConstraint("path", name=op.f("uq_render_outputs_path")),
    )
    op.create_index(op.f("ix_render_outputs_picture_hash"), "render_outputs", ["picture_hash"], unique=False)
    op.add_column("render_instructions", sa.Column("renderer", sa.String(), server_default="local", nullable=False))
    op.add_column("render_instructions", sa.Column("failure_kind", sa.String(), nullable=True))
    op.add_column("render_instructions", sa.Column("correlation_id", sa.String(), server_default="", nullable=False))
    op.add_column(
        "render_instructions",
        sa.Column("rank", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.drop_index(
        op.f("ix_render_instructions_claim"),
        table_name="render_instructions",
        postgresql_where="((state)::text = 'pending'::text)",
    )
    op.create_index(
        "ix_render_instructions_claim",
        "render_instructions",
        ["renderer", "rank", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_render_instructions_held",
        "render_instructions",
        ["renderer", "template"],
        unique=False,
        postgresql_where=sa.text("state = 'processing'"),
    )
    op.execute("update render_instructions set rank = created_at + priority * interval '30 minutes'")
    op.create_check_constraint("held_while_processing", "render_instructions", HELD)
    op.execute(GUARD)
    op.execute("""
        create trigger guard_render_instruction before insert or update on render_instructions
        for each row execute function guard_render_instruction()
    """)


def downgrade() -> None:
    op.execute("drop trigger guard_render_instruction on render_instructions")
    op.execute("drop function guard_render_instruction()")
    op.drop_constraint(op.f("ck_render_instructions_held_while_processing"), "render_instructions")
    op.drop_index(
        "ix_render_instructions_held",
        table_name="render_instructions",
        postgresql_where=sa.text("state = 'processing'"),
    )
    op.drop_index(
        "ix_render_instructions_claim", table_name="render_instructions", postgresql_where=sa.text("state = 'pending'")
    )
    op.create_index(
        op.f("ix_render_instructions_claim"),
        "render_instructions",
        ["priority", "created_at"],
        unique=False,
        postgresql_where="((state)::text = 'pending'::text)",
    )
    op.drop_column("render_instructions", "rank")
    op.drop_column("render_instructions", "correlation_id")
    op.drop_column("render_instructions", "failure_kind")
    op.drop_column("render_instructions", "renderer")
    op.drop_index(op.f("ix_render_outputs_picture_hash"), table_name="render_outputs")
    op.drop_table("render_outputs")
    op.drop_index("ix_render_attempts_worker_ended_at", table_name="render_attempts")
    op.drop_index(op.f("ix_render_attempts_instruction_id"), table_name="render_attempts")
    op.drop_table("render_attempts")
    op.drop_table("render_workers")
    op.drop_table("render_pauses")
