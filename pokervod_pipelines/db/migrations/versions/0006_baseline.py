"""schema of all rooms

One step creates what revisions 0001 to 0006 built; a database that they brought to 0006 has the same schema.
"""

import re
from pathlib import Path

from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = None

ROOMS = ("events", "nas", "media", "catalog", "sheets", "clips", "hands", "tournaments", "render", "rollout", "alerts")
"""Files of ``0006_baseline/``, in the order in which their tables refer to each other."""


def upgrade() -> None:
    for room in ROOMS:
        op.execute(text(_read_sql(room)))


def downgrade() -> None:
    tables = [name for room in ROOMS for name in re.findall(r"^create table (\w+)", _read_sql(room), re.MULTILINE)]
    op.execute(f"drop table {', '.join(tables)}")
    op.execute("drop function guard_render_instruction()")


def _read_sql(room: str) -> str:
    return Path(__file__).with_suffix("").joinpath(f"{room}.sql").read_text(encoding="utf-8")
