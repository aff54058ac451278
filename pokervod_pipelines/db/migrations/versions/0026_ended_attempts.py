"""an index of when attempts ended, by which the promised figures of a window are measured"""

from alembic import op

revision = "0026"
down_revision = "0025"

KEEPS_DATA = True
"""It only adds an index; a fixer may apply it."""


def upgrade() -> None:
    op.execute("create index ix_render_attempts_ended_at on render_attempts (ended_at)")


def downgrade() -> None:
    op.execute("drop index ix_render_attempts_ended_at")
