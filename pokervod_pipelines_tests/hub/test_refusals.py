"""Check that what cannot be is an error in words, and that a program can do nothing else."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines_tests.hub.conftest import Hub
from pokervod_pipelines_tests.hub.rows import LAYERS, make_hand, make_instruction, make_tournament, use


@pytest.mark.parametrize(
    ("table", "values", "words"),
    [
        ("hands", make_hand(table_id="x" * 51), "table_id: expected a text of 1 to 50 characters"),
        ("hands", make_hand(hand_number=None), "hand_number: expected a whole number"),
        ("hands", make_hand(source="tape"), "source: expected rfid, csv or manual"),
        ("hands", make_hand(hand_rank="five_aces"), "hand_rank: unknown rank"),
        ("hands", make_hand(players_json={"a": 1}), "have to be JSON lists"),
        ("hands", make_hand(pot_size=-1), "cannot be negative"),
        ("tournaments", make_tournament(event_code=""), "event_code: expected the number"),
        ("tournaments", make_tournament(name=None), "name: expected the name"),
        (
            "render_instructions",
            make_instruction(template_name="lower_thrd"),
            "unknown template 'lower_thrd'; the",
        ),
        ("render_instructions", make_instruction(layer_data_json={"player": "A", "hat": 1}), "unknown layer 'hat' of"),
        ("render_instructions", make_instruction(layer_data_json={"place": "1"}), "needs the layer player"),
        ("render_instructions", make_instruction(layer_data_json=[1]), "expected a JSON object"),
        (
            "render_instructions",
            make_instruction(layer_data_json=LAYERS | {"prize": "lots"}),
            "layer prize of elimination: expected a number",
        ),
        ("render_instructions", make_instruction(output_settings_json={"format": "gif"}), "unknown format"),
        ("render_instructions", make_instruction(output_settings_json={"width": 383}), "width and height have to be"),
        ("render_instructions", make_instruction(output_settings_json={"fps": 0}), "fps: expected a whole number"),
        (
            "render_instructions",
            make_instruction(output_settings_json={"duration_frames": 72_000, "fps": 1}),
            "at most 600 seconds",
        ),
        ("render_instructions", make_instruction(priority=11), "priority: expected 1 (the highest) to 10"),
        ("render_instructions", make_instruction(status="processing"), "begins as pending"),
        ("render_outputs", {"instruction_id": 99, "output_path": "x"}, "unknown instruction '99'"),
    ],
)
def test_what_cannot_be_is_an_error_in_words(hub: Hub, table: str, values: dict[str, Any], words: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        use(hub, lambda it: it.insert(table, **values))

    assert words in str(caught.value)
    assert hub.read("select count(*) from events") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "select * from public.hands",
        "delete from hands",
        "update hands set pot_size = 1",
        "delete from render_instructions",
        "select * from hub_settings",
        "insert into public.events (type) values ('x')",
        "select hub.append_event('hand.created', 'hands', '', '{}')",
    ],
)
def test_a_program_can_do_nothing_else(hub: Hub, statement: str) -> None:
    with pytest.raises(DBAPIError):
        use(hub, lambda it: it.change(statement))
