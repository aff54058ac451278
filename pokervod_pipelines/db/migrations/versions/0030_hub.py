"""the schema hub: the old names for programs of the shared library"""

from pathlib import Path

from alembic import op
from sqlalchemy import text

revision = "0030"
down_revision = "0029"

KEEPS_DATA = True
"""It only adds tables, views, indexes and triggers; a fixer may apply it."""

FILES = ("tables", "hands", "layers", "instructions", "outputs", "tournaments")
"""Files of ``0030_hub/``, in the order in which they refer to each other."""

FOLLOWED = ("tournaments", "tournament_players", "blind_levels", "payouts")
"""Our tables whose changes programs see in ``hub.tournaments``."""

CHANGES = {"insert": "new", "update": "new", "delete": "old"}

TABLES = (
    "hub_settings",
    "hub_templates",
    "hub_roles",
    "hub_hands",
    "hub_instructions",
    "hub_outputs",
    "hub_tournaments",
    "hub_tournament_writes",
)


def upgrade() -> None:
    for name in FILES:
        op.execute(text(Path(__file__).with_suffix("").joinpath(f"{name}.sql").read_text(encoding="utf-8")))
    for table in FOLLOWED:
        for change, rows in CHANGES.items():
            op.execute(f"""
                create trigger follow_{change} after {change} on {table} referencing {rows} table as changed
                    for each statement execute function hub.follow_changes()
            """)


def downgrade() -> None:
    for table in FOLLOWED:
        for change in CHANGES:
            op.execute(f"drop trigger follow_{change} on {table}")
    for trigger in ("check_written", "keep_written"):
        op.execute(f"drop trigger {trigger} on hub_tournaments")
    op.execute("drop schema hub cascade")
    op.execute("drop index ix_hands_table_name_hand_number")
    op.execute(f"drop table {', '.join(TABLES)}")
