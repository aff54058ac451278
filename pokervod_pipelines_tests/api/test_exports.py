"""Lists are exported whole as CSV, without what a spreadsheet would run, and without cards for viewers."""

import csv
import io
from datetime import date

import pytest
from sqlalchemy import text

from pokervod_pipelines.api.routes.exports import LISTS
from pokervod_pipelines.api.tables import format_cell, guard_text, write_table
from pokervod_pipelines.clips.roster import ListedPlayer
from pokervod_pipelines.paging import Page
from pokervod_pipelines_tests.api.serving import OPERATOR, VIEWER, Served
from pokervod_pipelines_tests.api.test_hole_cards import shows_cards
from pokervod_pipelines_tests.hands.hand_factory import read_history

HISTORY = """
variant = 'NT'
antes = [0, 0, 0]
blinds_or_straddles = [10, 20, 0]
min_bet = 20
starting_stacks = [2000, 2000, 2000]
actions = ['d dh p1 7c2s', 'd dh p2 9c8s', 'd dh p3 AhJd', 'p3 cbr 60', 'p1 f', 'p2 f']
"""


def read_table(api: Served, name: str) -> list[dict[str, str]]:
    response = api.get(f"/api/exports/{name}.csv", OPERATOR)
    assert response.status_code == 200, response.text
    return [*csv.DictReader(io.StringIO(response.text, newline=""))]


def test_a_table_has_every_entry_once_whatever_the_batches() -> None:
    players = [ListedPlayer(id=at, name=f"Player {at}", clips=at, aliases=()) for at in range(1, 1_251)]

    def read(page: Page) -> list[ListedPlayer]:
        after = page.after or 0
        return players[after : after + (page.limit or 0)]

    written = "".join(write_table(ListedPlayer, read, lambda each: each.id, marked=True))

    assert written.startswith("\ufeffid,name,clips,aliases\r\n")
    assert [int(each["\ufeffid"]) for each in csv.DictReader(io.StringIO(written))] == [each.id for each in players]


@pytest.mark.parametrize("written", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_no_text_is_run_as_a_formula(written: str) -> None:
    assert guard_text(written) == f"'{written}"


@pytest.mark.parametrize("written", [-5, -2.5, "-5", "+3.5", "Ana", "17", ""])
def test_numbers_and_plain_texts_stay(written: object) -> None:
    assert format_cell(written) == written


def test_cells_are_guarded_in_what_is_exported(api: Served) -> None:
    with api.engine.begin() as connection:
        connection.execute(text("update render_instructions set reason = '=HYPERLINK(1)' where id = 1"))

    assert "'=HYPERLINK(1)" in {each["reason"] for each in read_table(api, "instructions")}


def test_what_is_exported_is_what_the_route_lists(api: Served) -> None:
    listed = api.read("/api/instructions", OPERATOR)["items"]

    assert [int(each["id"]) for each in read_table(api, "instructions")] == [each["id"] for each in listed]


def test_no_export_shows_a_viewer_cards_inside_the_delay(api: Served) -> None:
    found = {name: api.get(f"/api/exports/{name}.csv", VIEWER) for name in LISTS}

    assert {each.status_code for each in found.values()} == {200}
    assert [name for name, each in found.items() if shows_cards(each.text)] == []
    assert shows_cards(api.get("/api/exports/log.csv", OPERATOR).text)


def test_a_hand_is_shown_whole_to_operators_and_covered_to_viewers(api: Served) -> None:
    hand = read_history(HISTORY, date(2026, 5, 4))
    with api.engine.begin() as connection:
        connection.execute(text("update hands set content = cast(:it as jsonb) where id = 1"), {"it": hand.to_json()})

    whole, covered = (api.get("/api/hands/1", role) for role in (OPERATOR, VIEWER))

    assert shows_cards(whole.text)
    assert not shows_cards(covered.text)
    assert (whole.json()["withheld"], covered.json()["withheld"]) == (False, True)
    assert {tuple(each["hole_cards"]) for each in covered.json()["played"]["seats"]} == {()}
    assert len(covered.json()["instructions"]) == 3


def test_the_rank_of_the_best_hand_is_withheld_with_the_cards_that_it_tells(api: Served) -> None:
    with api.engine.begin() as connection:
        connection.execute(text("update hands set best_category = 'flush', best_rank = 1577 where id = 1"))
    paths = ("/api/hands", "/api/hands/1", "/api/data-flow?hand_id=1", "/api/exports/hands.csv")

    assert [path for path in paths if "1577" not in api.get(path, OPERATOR).text] == []
    assert [path for path in paths if "1577" in api.get(path, VIEWER).text] == []


def test_the_audit_has_what_people_did(api: Served) -> None:
    [opened] = [each for each in api.read("/api/audit")["items"] if each["type"] == "monitoring.incident.opened"]

    assert opened["payload"]["by"] == "anna"
    assert {each["payload"]["by"] for each in api.read("/api/audit?by=anna")["items"]} == {"anna"}
    assert api.read("/api/audit?by=nobody")["items"] == []
