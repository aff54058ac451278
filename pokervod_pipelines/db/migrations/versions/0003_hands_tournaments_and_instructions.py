"""hands tournaments and instructions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "blind_levels",
        sa.Column("tournament_number", sa.String(), nullable=False),
        sa.Column("level", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_break", sa.Boolean(), nullable=False),
        sa.Column("small_blind", sa.BigInteger(), nullable=True),
        sa.Column("big_blind", sa.BigInteger(), nullable=True),
        sa.Column("ante", sa.BigInteger(), nullable=True),
        sa.Column("bb_ante", sa.BigInteger(), nullable=True),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=True),
        sa.Column("break_name", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tournament_number", "level", "is_break", name=op.f("pk_blind_levels")),
    )
    op.create_table(
        "broadcast_slots",
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_title", sa.String(), nullable=False),
        sa.Column("tournament_number", sa.String(), nullable=True),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("starts_at", "channel", name=op.f("pk_broadcast_slots")),
    )
    op.create_index(op.f("ix_broadcast_slots_day"), "broadcast_slots", ["day"], unique=False)
    op.create_table(
        "chip_counts",
        sa.Column("tournament_number", sa.String(), nullable=False),
        sa.Column("player_key", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("player_name", sa.String(), nullable=False),
        sa.Column("chips", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("table_number", sa.BigInteger(), nullable=True),
        sa.Column("seat_number", sa.BigInteger(), nullable=True),
        sa.Column("is_eliminated", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "first_seen_at = seen_at[1] and last_seen_at = seen_at[array_length(seen_at, 1)]",
            name=op.f("ck_chip_counts_bounds"),
        ),
        sa.PrimaryKeyConstraint("tournament_number", "player_key", "first_seen_at", name=op.f("pk_chip_counts")),
    )
    op.create_index(
        op.f("ix_chip_counts_tournament_number_last_seen_at"),
        "chip_counts",
        ["tournament_number", "last_seen_at"],
        unique=False,
    )
    op.create_table(
        "hand_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("hands", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("state in ('read', 'waiting', 'quarantined')", name=op.f("ck_hand_files_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_files")),
        sa.UniqueConstraint("path", name=op.f("uq_hand_files_path")),
    )
    op.create_table(
        "payouts",
        sa.Column("tournament_number", sa.String(), nullable=False),
        sa.Column("place_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place_end", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("percentage", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("is_bracelet", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("place_start <= place_end", name=op.f("ck_payouts_places")),
        sa.PrimaryKeyConstraint("tournament_number", "place_start", name=op.f("pk_payouts")),
    )
    op.create_table(
        "tournament_files",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column(
            "problems", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_tournament_files")),
    )
    op.create_table(
        "tournament_players",
        sa.Column("tournament_number", sa.String(), nullable=False),
        sa.Column("player_key", sa.String(), nullable=False),
        sa.Column("player_name", sa.String(), nullable=False),
        sa.Column("chips", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("table_number", sa.BigInteger(), nullable=True),
        sa.Column("seat_number", sa.BigInteger(), nullable=True),
        sa.Column("is_eliminated", sa.Boolean(), nullable=False),
        sa.Column("eliminations", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("eliminated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("was_seen_playing", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "is_eliminated = (eliminated_at is not null)", name=op.f("ck_tournament_players_eliminated")
        ),
        sa.PrimaryKeyConstraint("tournament_number", "player_key", name=op.f("pk_tournament_players")),
    )
    op.create_index(op.f("ix_tournament_players_eliminated_at"), "tournament_players", ["eliminated_at"], unique=False)
    op.create_table(
        "tournament_progress",
        sa.Column("tournament_number", sa.String(), nullable=False),
        sa.Column("progress", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tournament_number", "progress", name=op.f("pk_tournament_progress")),
    )
    op.create_table(
        "tournaments",
        sa.Column("tournament_number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("current_level", sa.BigInteger(), nullable=True),
        sa.Column("remaining_players", sa.BigInteger(), nullable=True),
        sa.Column("registered_players", sa.BigInteger(), nullable=True),
        sa.Column("starting_chips", sa.BigInteger(), nullable=True),
        sa.Column("buy_in", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("rake", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("prize_pool", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("progress", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status in ('upcoming', 'running', 'completed', 'cancelled')", name=op.f("ck_tournaments_status")
        ),
        sa.PrimaryKeyConstraint("tournament_number", name=op.f("pk_tournaments")),
    )
    op.create_table(
        "hand_sessions",
        sa.Column("session_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("event_title", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("broadcast_day", sa.Date(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("hands_told", sa.Integer(), nullable=False),
        sa.Column("hands_broken", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["hand_files.id"], name=op.f("fk_hand_sessions_file_id_hand_files")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_hand_sessions")),
    )
    op.create_index(op.f("ix_hand_sessions_broadcast_day"), "hand_sessions", ["broadcast_day"], unique=False)
    op.create_table(
        "hands",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("hand_number", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("broadcast_day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("is_premium", sa.Boolean(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("best_category", sa.String(), nullable=True),
        sa.Column("best_rank", sa.Integer(), nullable=True),
        sa.Column("pot", sa.BigInteger(), nullable=False),
        sa.Column("winners", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("weight", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("replayed", sa.String(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("grade in ('A', 'B', 'C')", name=op.f("ck_hands_grade")),
        sa.CheckConstraint("source in ('rfid', 'csv', 'manual')", name=op.f("ck_hands_source")),
        sa.CheckConstraint("best_rank between 1 and 7462", name=op.f("ck_hands_best_rank")),
        sa.ForeignKeyConstraint(["file_id"], ["hand_files.id"], name=op.f("fk_hands_file_id_hand_files")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["hand_sessions.session_id"], name=op.f("fk_hands_session_id_hand_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hands")),
        sa.UniqueConstraint("session_id", "started_at", name=op.f("uq_hands_session_id_started_at")),
    )
    op.create_index(op.f("ix_hands_broadcast_day"), "hands", ["broadcast_day"], unique=False)
    op.create_index(op.f("ix_hands_file_id"), "hands", ["file_id"], unique=False)
    op.create_index(
        "ix_hands_not_replayed",
        "hands",
        ["id"],
        unique=False,
        postgresql_where=sa.text("replayed is distinct from digest"),
    )
    op.create_table(
        "hand_disagreements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hand_id", sa.BigInteger(), nullable=False),
        sa.Column("clip_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("hand_says", sa.String(), nullable=False),
        sa.Column("sheet_says", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'settled') = (settled_at is not null)", name=op.f("ck_hand_disagreements_settled_when")
        ),
        sa.CheckConstraint("field in ('cards', 'winner', 'pot', 'players')", name=op.f("ck_hand_disagreements_field")),
        sa.CheckConstraint("state = 'open' or (by <> '' and reason <> '')", name=op.f("ck_hand_disagreements_signed")),
        sa.CheckConstraint("state in ('open', 'settled')", name=op.f("ck_hand_disagreements_state")),
        sa.ForeignKeyConstraint(
            ["clip_id"], ["hand_clips.id"], name=op.f("fk_hand_disagreements_clip_id_hand_clips"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["hand_id"], ["hands.id"], name=op.f("fk_hand_disagreements_hand_id_hands"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_disagreements")),
        sa.UniqueConstraint("hand_id", "clip_id", "field", name=op.f("uq_hand_disagreements_hand_id_clip_id_field")),
    )
    op.create_index(op.f("ix_hand_disagreements_clip_id"), "hand_disagreements", ["clip_id"], unique=False)
    op.create_table(
        "hand_findings",
        sa.Column("hand_id", sa.BigInteger(), nullable=False),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("street", sa.String(), nullable=False),
        sa.Column("action", sa.Integer(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.CheckConstraint("found_by in ('record', 'rules')", name=op.f("ck_hand_findings_found_by")),
        sa.ForeignKeyConstraint(
            ["hand_id"], ["hands.id"], name=op.f("fk_hand_findings_hand_id_hands"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hand_id", "found_by", "position", name=op.f("pk_hand_findings")),
    )
    op.create_index(op.f("ix_hand_findings_code"), "hand_findings", ["code"], unique=False)
    op.create_table(
        "hand_moments",
        sa.Column("hand_id", sa.BigInteger(), nullable=False),
        sa.Column("clip_id", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("how in ('table', 'time', 'sheet')", name=op.f("ck_hand_moments_how")),
        sa.ForeignKeyConstraint(
            ["clip_id"], ["hand_clips.id"], name=op.f("fk_hand_moments_clip_id_hand_clips"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["hand_id"], ["hands.id"], name=op.f("fk_hand_moments_hand_id_hands"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hand_id", "clip_id", name=op.f("pk_hand_moments")),
    )
    op.create_index(op.f("ix_hand_moments_clip_id"), "hand_moments", ["clip_id"], unique=False)
    op.create_table(
        "render_instructions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("layers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("output", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("state", sa.String(), server_default="pending", nullable=False),
        sa.Column("trigger_kind", sa.String(), nullable=False),
        sa.Column("trigger_key", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("hand_id", sa.BigInteger(), nullable=True),
        sa.Column("broadcast_day", sa.Date(), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flagged", sa.String(), nullable=True),
        sa.Column("cancel_requested", sa.String(), nullable=True),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_retries", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", sa.REAL(), nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'processing', 'completed', 'failed', 'cancelled', 'timed_out')",
            name=op.f("ck_render_instructions_state"),
        ),
        sa.CheckConstraint("0 <= retry_count and 0 <= max_retries", name=op.f("ck_render_instructions_retries")),
        sa.CheckConstraint("priority between 1 and 10", name=op.f("ck_render_instructions_priority")),
        sa.CheckConstraint("progress between 0 and 1", name=op.f("ck_render_instructions_progress")),
        sa.CheckConstraint("superseded_by <> id", name=op.f("ck_render_instructions_superseded_by_another")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_render_instructions_version")),
        sa.ForeignKeyConstraint(["hand_id"], ["hands.id"], name=op.f("fk_render_instructions_hand_id_hands")),
        sa.ForeignKeyConstraint(
            ["superseded_by"],
            ["render_instructions.id"],
            name=op.f("fk_render_instructions_superseded_by_render_instructions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_render_instructions")),
        sa.UniqueConstraint(
            "trigger_kind", "trigger_key", "template", "version", name="uq_render_instructions_trigger_version"
        ),
    )
    op.create_index(
        op.f("ix_render_instructions_broadcast_day"), "render_instructions", ["broadcast_day"], unique=False
    )
    op.create_index(
        "ix_render_instructions_claim",
        "render_instructions",
        ["priority", "created_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(op.f("ix_render_instructions_hand_id"), "render_instructions", ["hand_id"], unique=False)
    op.add_column("event_cursors", sa.Column("snapshot", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("event_cursors", "snapshot")
    op.drop_index(op.f("ix_render_instructions_hand_id"), table_name="render_instructions")
    op.drop_index(
        "ix_render_instructions_claim", table_name="render_instructions", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_index(op.f("ix_render_instructions_broadcast_day"), table_name="render_instructions")
    op.drop_table("render_instructions")
    op.drop_index(op.f("ix_hand_moments_clip_id"), table_name="hand_moments")
    op.drop_table("hand_moments")
    op.drop_index(op.f("ix_hand_findings_code"), table_name="hand_findings")
    op.drop_table("hand_findings")
    op.drop_index(op.f("ix_hand_disagreements_clip_id"), table_name="hand_disagreements")
    op.drop_table("hand_disagreements")
    op.drop_index(
        "ix_hands_not_replayed", table_name="hands", postgresql_where=sa.text("replayed is distinct from digest")
    )
    op.drop_index(op.f("ix_hands_file_id"), table_name="hands")
    op.drop_index(op.f("ix_hands_broadcast_day"), table_name="hands")
    op.drop_table("hands")
    op.drop_index(op.f("ix_hand_sessions_broadcast_day"), table_name="hand_sessions")
    op.drop_table("hand_sessions")
    op.drop_table("tournaments")
    op.drop_table("tournament_progress")
    op.drop_index(op.f("ix_tournament_players_eliminated_at"), table_name="tournament_players")
    op.drop_table("tournament_players")
    op.drop_table("tournament_files")
    op.drop_table("payouts")
    op.drop_table("hand_files")
    op.drop_index(op.f("ix_chip_counts_tournament_number_last_seen_at"), table_name="chip_counts")
    op.drop_table("chip_counts")
    op.drop_index(op.f("ix_broadcast_slots_day"), table_name="broadcast_slots")
    op.drop_table("broadcast_slots")
    op.drop_table("blind_levels")
