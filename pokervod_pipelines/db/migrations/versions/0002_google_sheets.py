"""google sheets"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "api_budgets",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("calls", sa.Double(), nullable=False),
        sa.Column("refilled_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_api_budgets")),
    )
    op.create_table(
        "sheet_words",
        sa.Column("sheet", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('correction', 'alias')", name=op.f("ck_sheet_words_kind")),
        sa.PrimaryKeyConstraint("sheet", "kind", "key", name=op.f("pk_sheet_words")),
    )
    op.add_column("sheet_rows", sa.Column("row_key", sa.String(), nullable=True))
    op.add_column(
        "sheet_rows",
        sa.Column(
            "shown", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
    )
    op.add_column("sheet_rows", sa.Column("pin_text", sa.String(), server_default="", nullable=False))
    op.add_column("sheet_rows", sa.Column("pin_problem", sa.String(), nullable=True))
    op.add_column(
        "sheet_states",
        sa.Column(
            "own_columns",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column(
        "sheet_states",
        sa.Column(
            "words", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
    )


def downgrade() -> None:
    op.drop_column("sheet_states", "words")
    op.drop_column("sheet_states", "own_columns")
    op.drop_column("sheet_rows", "pin_problem")
    op.drop_column("sheet_rows", "pin_text")
    op.drop_column("sheet_rows", "shown")
    op.drop_column("sheet_rows", "row_key")
    op.drop_table("sheet_words")
    op.drop_table("api_budgets")
