"""when a session file and an export were read first"""

from alembic import op

revision = "0018"
down_revision = "0017"

KEEPS_DATA = True
"""It only adds columns; a fixer may apply it. Of a file of before nothing earlier is known than its last reading."""

UPGRADE: tuple[str, ...] = (
    "alter table hand_files add column first_read_at timestamptz",
    "update hand_files set first_read_at = read_at",
    "alter table hand_files alter column first_read_at set not null, alter column first_read_at set default now()",
    "comment on column hand_files.first_read_at is 'When the path was read first; never changed'",
    "create index ix_hand_files_first_read_at on hand_files (first_read_at)",
    "alter table tournament_files add column first_imported_at timestamptz",
    "update tournament_files set first_imported_at = imported_at",
    """
    alter table tournament_files
        alter column first_imported_at set not null, alter column first_imported_at set default now()
    """,
    "comment on column tournament_files.first_imported_at is 'When the path was read first; never changed'",
)

DOWNGRADE: tuple[str, ...] = (
    "alter table tournament_files drop column first_imported_at",
    "alter table hand_files drop column first_read_at",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
