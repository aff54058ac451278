"""Check that what programs read again and again is found by an index, however large an archive is."""

import pytest
from sqlalchemy import text

from pokervod_pipelines_tests.hub.conftest import Hub


@pytest.mark.parametrize(
    ("statement", "indexes"),
    [
        (
            "select * from hub.hands order by created_at desc limit 20",
            ["Merge Append", "ix_hands_hub_created_at", "ix_hub_hands_created_at"],
        ),
        ("select * from hub.hands where id = 5", ["pk_hands", "pk_hub_hands"]),
        (
            "select * from hub.hands where table_id = 'Feature' and hand_number = 7",
            ["ix_hands_table_name_hand_number", "ix_hub_hands_table_id_hand_number"],
        ),
        (
            "select * from hub.render_instructions where status = 'pending' order by priority, created_at limit 10",
            ["ix_render_instructions_hub_pending"],
        ),
        (
            "select * from hub.render_outputs where instruction_id = 5 order by created_at desc",
            ["ix_hub_outputs_instruction_id", "pk_render_outputs"],
        ),
    ],
)
def test_a_read_of_programs_has_its_index(hub: Hub, statement: str, indexes: list[str]) -> None:
    with hub.engine.connect() as connection:
        connection.execute(text("set local enable_seqscan = off"))
        connection.execute(text("set local enable_bitmapscan = off"))
        plan = "\n".join(connection.scalars(text(f"explain {statement}")))

    assert [name for name in indexes if name not in plan] == [], plan
