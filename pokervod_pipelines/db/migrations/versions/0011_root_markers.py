"""the marker by which an archive root is known again"""

from alembic import op

revision = "0011"
down_revision = "0010"

KEEPS_DATA = True
"""It only adds columns and an index; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    "alter table nas_scans add column root varchar, add column marker varchar",
    "comment on column nas_scans.root is 'The archive root of the library; null before this was recorded'",
    "comment on column nas_scans.marker is "
    "'The id in the marker of the root, of a completed scan; null where the root has none'",
    "create index ix_nas_scans_root_id on nas_scans (root, id) where marker is not null",
)

DOWNGRADE: tuple[str, ...] = (
    "drop index ix_nas_scans_root_id",
    "alter table nas_scans drop column root, drop column marker",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
