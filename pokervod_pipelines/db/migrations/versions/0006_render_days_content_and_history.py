"""render: the day of a worker, the content of an output, and indexes for what was put off and for what happened"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("render_workers", sa.Column("day", sa.Date(), nullable=True))
    op.add_column("render_outputs", sa.Column("content_hash", sa.String(), nullable=True))
    op.create_index(
        "ix_render_instructions_put_off",
        "render_instructions",
        ["renderer", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending' and failure_kind is not null"),
    )
    op.create_index(
        "ix_events_instruction",
        "events",
        [sa.text("(payload ->> 'instruction_id')"), "id"],
        unique=False,
        postgresql_where=sa.text("source = 'render'"),
    )


def downgrade() -> None:
    op.drop_index("ix_events_instruction", table_name="events", postgresql_where=sa.text("source = 'render'"))
    op.drop_index(
        "ix_render_instructions_put_off",
        table_name="render_instructions",
        postgresql_where=sa.text("state = 'pending' and failure_kind is not null"),
    )
    op.drop_column("render_outputs", "content_hash")
    op.drop_column("render_workers", "day")
