"""names of the field, one table of decisions, one view of videos that count"""

from alembic import op

revision = "0007"
down_revision = "0006"

UPGRADE: tuple[str, ...] = (
    # catalog, sheets: the videos that count
    """
    create view counted_videos as
    select id, root, library, path, path_key, size, mtime_ns, version_type, state, state_since from nas_files
    where category = 'video' and not is_junk and state <> 'cleared'
    """,
)
"""Statements in order, grouped by room."""

DOWNGRADE: tuple[str, ...] = (
    "drop view counted_videos",
)
"""Statements that undo ``UPGRADE``, in reverse order."""


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
