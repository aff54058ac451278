"""first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "archive_clearances",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("below", sa.String(), nullable=False),
        sa.Column("file_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_clearances")),
    )
    op.create_table(
        "event_cursors",
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("txid", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name=op.f("pk_event_cursors")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "txid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column(
            "payload", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_correlation_id"), "events", ["correlation_id"], unique=False)
    op.create_index(op.f("ix_events_txid_id"), "events", ["txid", "id"], unique=False)
    op.create_index(op.f("ix_events_type_id"), "events", ["type", "id"], unique=False)
    op.create_table(
        "held_files",
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("root", "path", name=op.f("pk_held_files")),
    )
    op.create_index(op.f("ix_held_files_library"), "held_files", ["library"], unique=False)
    op.create_table(
        "nas_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("path_key", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("version_type", sa.String(), nullable=False),
        sa.Column("is_junk", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), server_default="present", nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('present', 'unseen', 'missing', 'cleared')", name=op.f("ck_nas_files_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nas_files")),
        sa.UniqueConstraint("root", "path_key", name=op.f("uq_nas_files_root_path_key")),
    )
    op.create_index(op.f("ix_nas_files_library_state"), "nas_files", ["library", "state"], unique=False)
    op.create_index(op.f("ix_nas_files_size_mtime_ns"), "nas_files", ["size", "mtime_ns"], unique=False)
    op.create_table(
        "nas_scans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(), server_default="running", nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column(
            "counts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "problems", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "mounts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.CheckConstraint("status in ('running', 'completed', 'failed')", name=op.f("ck_nas_scans_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nas_scans")),
    )
    op.create_index(op.f("ix_nas_scans_library_id"), "nas_scans", ["library", "id"], unique=False)
    op.create_table(
        "player_aliases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("alias_key", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("player_key", sa.String(), nullable=False),
        sa.Column("player", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_player_aliases")),
        sa.UniqueConstraint("alias_key", name=op.f("uq_player_aliases_alias_key")),
    )
    op.create_table(
        "players",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_players")),
        sa.UniqueConstraint("key", name=op.f("uq_players_key")),
    )
    op.create_table(
        "projects",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_projects")),
    )
    op.create_table(
        "search_columns",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search_columns")),
    )
    op.create_table(
        "search_entries",
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("players", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("clip_players", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("facets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("episode_id", "file_id", name=op.f("pk_search_entries")),
        sa.UniqueConstraint("place", name=op.f("uq_search_entries_place")),
    )
    op.create_index(op.f("ix_search_entries_file_id"), "search_entries", ["file_id"], unique=False)
    op.create_table(
        "search_words",
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("reversed", sa.Text(collation="C"), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("player", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_words")),
    )
    op.create_index(op.f("ix_search_words_reversed"), "search_words", ["reversed"], unique=False)
    op.create_table(
        "sheet_states",
        sa.Column("sheet", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=True),
        sa.Column("matched_up_to", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column(
            "counts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "problems", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.PrimaryKeyConstraint("sheet", name=op.f("pk_sheet_states")),
    )
    op.create_table(
        "tags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("category", "name", name=op.f("uq_tags_category_name")),
    )
    op.create_table(
        "catalog_corrections",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("by <> '' and reason <> ''", name=op.f("ck_catalog_corrections_signed")),
        sa.ForeignKeyConstraint(["file_id"], ["nas_files.id"], name=op.f("fk_catalog_corrections_file_id_nas_files")),
        sa.ForeignKeyConstraint(
            ["undoes"], ["catalog_corrections.id"], name=op.f("fk_catalog_corrections_undoes_catalog_corrections")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_corrections")),
        sa.UniqueConstraint("undoes", name=op.f("uq_catalog_corrections_undoes")),
    )
    op.create_index(op.f("ix_catalog_corrections_file_id"), "catalog_corrections", ["file_id"], unique=False)
    op.create_table(
        "media_facts",
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("frames", sa.BigInteger(), nullable=True),
        sa.Column("container", sa.String(), nullable=True),
        sa.Column("video_codec", sa.String(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("rate_num", sa.Integer(), nullable=True),
        sa.Column("rate_den", sa.Integer(), nullable=True),
        sa.Column("start_timecode", sa.String(), nullable=True),
        sa.Column("drop_frame", sa.Boolean(), nullable=True),
        sa.Column("bit_rate", sa.BigInteger(), nullable=True),
        sa.Column(
            "audio", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("probed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status in ('ok', 'broken', 'sparse', 'growing', 'timeout', 'unreadable')",
            name=op.f("ck_media_facts_status"),
        ),
        sa.CheckConstraint(
            "(rate_num is null) = (rate_den is null) and rate_den > 0", name=op.f("ck_media_facts_rate")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["nas_files.id"], name=op.f("fk_media_facts_file_id_nas_files")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_media_facts")),
    )
    op.create_index(op.f("ix_media_facts_status"), "media_facts", ["status"], unique=False)
    op.create_table(
        "seasons",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_code", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("sub_series", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("sort_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["project_code"], ["projects.code"], name=op.f("fk_seasons_project_code_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seasons")),
        sa.UniqueConstraint("project_code", "key", name=op.f("uq_seasons_project_code_key")),
    )
    op.create_table(
        "sheet_rows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sheet", sa.String(), nullable=False),
        sa.Column("tab", sa.String(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=True),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("folder_link", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("match_status", sa.String(), server_default="none", nullable=False),
        sa.Column("match_stage", sa.String(), nullable=True),
        sa.Column("match_score", sa.Double(), nullable=True),
        sa.Column("match_reason", sa.String(), server_default="not matched yet", nullable=False),
        sa.Column(
            "candidates", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(match_status = 'matched') = (file_id is not null)", name=op.f("ck_sheet_rows_matched_has_file")
        ),
        sa.CheckConstraint("match_status in ('matched', 'ambiguous', 'none')", name=op.f("ck_sheet_rows_match_status")),
        sa.ForeignKeyConstraint(["file_id"], ["nas_files.id"], name=op.f("fk_sheet_rows_file_id_nas_files")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_rows")),
    )
    op.create_index(op.f("ix_sheet_rows_file_id"), "sheet_rows", ["file_id"], unique=False)
    op.create_index(
        op.f("ix_sheet_rows_sheet_tab_row_number"), "sheet_rows", ["sheet", "tab", "row_number"], unique=False
    )
    op.create_table(
        "video_files",
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("parsed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parsed_path", sa.String(), nullable=False),
        sa.Column("parser_version", sa.String(), nullable=False),
        sa.Column("inventory_mark", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["nas_files.id"], name=op.f("fk_video_files_file_id_nas_files")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_video_files")),
    )
    op.create_table(
        "catalog_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("season_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("sort_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["season_id"], ["seasons.id"], name=op.f("fk_catalog_events_season_id_seasons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_events")),
        sa.UniqueConstraint("season_id", "key", name=op.f("uq_catalog_events_season_id_key")),
    )
    op.create_table(
        "hand_clips",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sheet_row_id", sa.BigInteger(), nullable=False),
        sa.Column("sheet", sa.String(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("in_ms", sa.BigInteger(), nullable=True),
        sa.Column("out_ms", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("winner", sa.String(), nullable=False),
        sa.Column("hands", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("input_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("grade between 1 and 3", name=op.f("ck_hand_clips_grade")),
        sa.CheckConstraint(
            "problem is not null or (file_id is not null and in_ms < out_ms)", name=op.f("ck_hand_clips_usable")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["nas_files.id"], name=op.f("fk_hand_clips_file_id_nas_files")),
        sa.ForeignKeyConstraint(
            ["sheet_row_id"], ["sheet_rows.id"], name=op.f("fk_hand_clips_sheet_row_id_sheet_rows")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_clips")),
        sa.UniqueConstraint("sheet_row_id", name=op.f("uq_hand_clips_sheet_row_id")),
    )
    op.create_index(op.f("ix_hand_clips_file_id"), "hand_clips", ["file_id"], unique=False)
    op.create_index(op.f("ix_hand_clips_grade"), "hand_clips", ["grade"], unique=False)
    op.create_index(op.f("ix_hand_clips_sheet"), "hand_clips", ["sheet"], unique=False)
    op.create_table(
        "sheet_pins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sheet_row_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("by <> '' and reason <> ''", name=op.f("ck_sheet_pins_signed")),
        sa.ForeignKeyConstraint(["file_id"], ["nas_files.id"], name=op.f("fk_sheet_pins_file_id_nas_files")),
        sa.ForeignKeyConstraint(
            ["sheet_row_id"], ["sheet_rows.id"], name=op.f("fk_sheet_pins_sheet_row_id_sheet_rows")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_pins")),
    )
    op.create_index(op.f("ix_sheet_pins_file_id"), "sheet_pins", ["file_id"], unique=False)
    op.create_index(op.f("ix_sheet_pins_sheet_row_id"), "sheet_pins", ["sheet_row_id"], unique=False)
    op.create_table(
        "clip_players",
        sa.Column("clip_id", sa.BigInteger(), nullable=False),
        sa.Column("player_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clip_id"], ["hand_clips.id"], name=op.f("fk_clip_players_clip_id_hand_clips"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["player_id"], ["players.id"], name=op.f("fk_clip_players_player_id_players")),
        sa.PrimaryKeyConstraint("clip_id", "player_id", name=op.f("pk_clip_players")),
    )
    op.create_index(op.f("ix_clip_players_player_id"), "clip_players", ["player_id"], unique=False)
    op.create_table(
        "clip_tags",
        sa.Column("clip_id", sa.BigInteger(), nullable=False),
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clip_id"], ["hand_clips.id"], name=op.f("fk_clip_tags_clip_id_hand_clips"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_clip_tags_tag_id_tags")),
        sa.PrimaryKeyConstraint("clip_id", "tag_id", name=op.f("pk_clip_tags")),
    )
    op.create_index(op.f("ix_clip_tags_tag_id"), "clip_tags", ["tag_id"], unique=False)
    op.create_table(
        "episodes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("catalog_title", sa.String(), nullable=False),
        sa.Column(
            "facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("sort_key", sa.String(), nullable=False),
        sa.Column("preferred_file_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["catalog_events.id"], name=op.f("fk_episodes_event_id_catalog_events")),
        sa.ForeignKeyConstraint(
            ["preferred_file_id"], ["nas_files.id"], name=op.f("fk_episodes_preferred_file_id_nas_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
        sa.UniqueConstraint("event_id", "key", name=op.f("uq_episodes_event_id_key")),
    )
    op.create_index(op.f("ix_episodes_preferred_file_id"), "episodes", ["preferred_file_id"], unique=False)
    op.create_table(
        "episode_files",
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_episode_files_episode_id_episodes")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["video_files.file_id"], name=op.f("fk_episode_files_file_id_video_files")
        ),
        sa.PrimaryKeyConstraint("episode_id", "file_id", name=op.f("pk_episode_files")),
    )
    op.create_index(op.f("ix_episode_files_file_id"), "episode_files", ["file_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_episode_files_file_id"), table_name="episode_files")
    op.drop_table("episode_files")
    op.drop_index(op.f("ix_episodes_preferred_file_id"), table_name="episodes")
    op.drop_table("episodes")
    op.drop_index(op.f("ix_clip_tags_tag_id"), table_name="clip_tags")
    op.drop_table("clip_tags")
    op.drop_index(op.f("ix_clip_players_player_id"), table_name="clip_players")
    op.drop_table("clip_players")
    op.drop_index(op.f("ix_sheet_pins_sheet_row_id"), table_name="sheet_pins")
    op.drop_index(op.f("ix_sheet_pins_file_id"), table_name="sheet_pins")
    op.drop_table("sheet_pins")
    op.drop_index(op.f("ix_hand_clips_sheet"), table_name="hand_clips")
    op.drop_index(op.f("ix_hand_clips_grade"), table_name="hand_clips")
    op.drop_index(op.f("ix_hand_clips_file_id"), table_name="hand_clips")
    op.drop_table("hand_clips")
    op.drop_table("catalog_events")
    op.drop_table("video_files")
    op.drop_index(op.f("ix_sheet_rows_sheet_tab_row_number"), table_name="sheet_rows")
    op.drop_index(op.f("ix_sheet_rows_file_id"), table_name="sheet_rows")
    op.drop_table("sheet_rows")
    op.drop_table("seasons")
    op.drop_index(op.f("ix_media_facts_status"), table_name="media_facts")
    op.drop_table("media_facts")
    op.drop_index(op.f("ix_catalog_corrections_file_id"), table_name="catalog_corrections")
    op.drop_table("catalog_corrections")
    op.drop_table("tags")
    op.drop_table("sheet_states")
    op.drop_index(op.f("ix_search_words_reversed"), table_name="search_words")
    op.drop_table("search_words")
    op.drop_index(op.f("ix_search_entries_file_id"), table_name="search_entries")
    op.drop_table("search_entries")
    op.drop_table("search_columns")
    op.drop_table("projects")
    op.drop_table("players")
    op.drop_table("player_aliases")
    op.drop_index(op.f("ix_nas_scans_library_id"), table_name="nas_scans")
    op.drop_table("nas_scans")
    op.drop_index(op.f("ix_nas_files_size_mtime_ns"), table_name="nas_files")
    op.drop_index(op.f("ix_nas_files_library_state"), table_name="nas_files")
    op.drop_table("nas_files")
    op.drop_index(op.f("ix_held_files_library"), table_name="held_files")
    op.drop_table("held_files")
    op.drop_index(op.f("ix_events_type_id"), table_name="events")
    op.drop_index(op.f("ix_events_txid_id"), table_name="events")
    op.drop_index(op.f("ix_events_correlation_id"), table_name="events")
    op.drop_table("events")
    op.drop_table("event_cursors")
    op.drop_table("archive_clearances")
