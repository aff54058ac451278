"""Check that stored hands are read as triggers, and that every trigger has exactly the declared facts."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.hands.imports import import_hands
from pokervod_pipelines.render.facts import FACTS
from pokervod_pipelines.render.hand_triggers import read_premium_hands
from pokervod_pipelines.render.instructions import SOURCES
from pokervod_pipelines.render.triggers import DayRule
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_walk, write_session
from pokervod_pipelines_tests.render.render_database import DAY, RenderDatabase
from pokervod_pipelines_tests.render.test_tournament_triggers import (
    put_count,
    put_out,
    put_payouts,
    put_slot,
    put_tournament,
)

PAGE = Path(__file__).parents[2] / "docs" / "instructions.md"


def drop(database: RenderDatabase, folder: Path, *hands: Any) -> None:
    """Import a session file of these hands."""
    path = folder / "session.json"
    path.write_bytes(write_session(*hands))
    import_hands(database.engine, database.settings, [path], correlation_id="test")


def test_a_session_file_becomes_an_instruction_and_its_correction_a_next_version(
    database: RenderDatabase, tmp_path: Path
) -> None:
    drop(database, tmp_path, make_showdown(number=7), make_walk(number=8, at=3))

    database.make()

    (made,) = database.find()
    assert made.layers == {
        "player": "Otto Abel",
        "cards": ["Ac", "Ad", "Ah", "As", "Kh"],
        "hole_cards": ["As", "Ah"],
        "board": ["Ad", "Ac", "Kh", "Kd", "5s"],
        "rank": "Four of a Kind, Aces",
        "pot": 2300,
    }
    longer = make_showdown(number=7, Duration="PT9M")
    longer["Players"][0]["LongName"] = "Otto Abel Jr."
    drop(database, tmp_path, longer, make_walk(number=8, at=3))

    assert database.make().superseded == 1
    assert database.find()[-1].layers["player"] == "Otto Abel Jr."


def test_players_who_hold_the_same_best_hand_are_both_named_and_nobodys_cards_are_shown(
    database: RenderDatabase,
) -> None:
    database.put_hand(1)
    database.execute("update hands set content = jsonb_set(content, '{best_hand,seats}', '[3, 5]')")

    with database.engine.connect() as connection:
        (trigger,) = read_premium_hands(connection, DayRule.of(database.settings), DAY)

    assert (trigger.facts["best.player"], trigger.facts["best.hole_cards"]) == ("Ana Ruiz / TOM", [])
    assert (trigger.facts["winner.players"], trigger.facts["winner.chips"]) == ("Ana Ruiz", 22_500)


def test_every_source_has_exactly_the_declared_facts(database: RenderDatabase) -> None:
    database.put_hand(1)
    put_tournament(database, 3, 4)
    put_count(database, "Ana", 10_000)
    put_payouts(database, 100_000)
    put_out(database, "Tom", 9)
    put_slot(database, "Day 2", datetime(2031, 5, 4, 20, tzinfo=UTC))

    with database.engine.connect() as connection:
        found = {kind: source(connection, DayRule.of(database.settings), None) for kind, source in SOURCES.items()}

    assert {kind: {*triggers[0].facts} for kind, triggers in found.items()} == {
        kind: {*facts} for kind, facts in FACTS.items()
    }
    for kind, triggers in found.items():
        rows = {name: fact.columns for name, fact in FACTS[kind].items() if fact.kind == "rows"}
        assert {name: {*triggers[0].facts[name][0]} for name in rows} == {name: {*rows[name]} for name in rows}


@pytest.mark.parametrize("kind", FACTS)
def test_every_fact_is_on_its_page(kind: str) -> None:
    (line,) = re.findall(rf"^\| `{kind}` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert re.findall(r"`([^`]+)`", line) == [*FACTS[kind]]
