"""files by when they were written, disagreements in their order, graphics that a person should look at"""

from alembic import op

revision = "0035"
down_revision = "0034"

KEEPS_DATA = True
"""It only adds indexes; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    "create index ix_nas_files_mtime_ns on nas_files (mtime_ns)",
    "create index ix_hand_disagreements_at on hand_disagreements (at, id)",
    "create index ix_render_instructions_flagged on render_instructions (id) where flagged is not null",
)

DOWNGRADE: tuple[str, ...] = (
    "drop index ix_render_instructions_flagged",
    "drop index ix_hand_disagreements_at",
    "drop index ix_nas_files_mtime_ns",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
