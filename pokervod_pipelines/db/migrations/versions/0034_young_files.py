"""files, clips and links by when they came, which decide what viewers may see yet"""

from alembic import op

revision = "0034"
down_revision = "0033"

KEEPS_DATA = True
"""It only adds indexes; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    "create index ix_nas_files_changed_at on nas_files (changed_at)",
    "create index ix_hand_clips_changed_at on hand_clips (changed_at)",
    "create index ix_hand_clip_links_linked_at on hand_clip_links (linked_at)",
)

DOWNGRADE: tuple[str, ...] = (
    "drop index ix_hand_clip_links_linked_at",
    "drop index ix_hand_clips_changed_at",
    "drop index ix_nas_files_changed_at",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
