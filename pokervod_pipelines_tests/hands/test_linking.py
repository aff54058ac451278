"""Link a sheet's row and a table's hand, and list what they disagree on."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.hands.clip_link_store import list_disagreements, settle_disagreement
from pokervod_pipelines.workflows.hands import LinkReport, import_and_link_hands, link_hands, read_data_flow
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_walk, write_session
from pokervod_pipelines_tests.hands.table import Table, table
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness, make_line
from pokervod_pipelines_tests.workflows.render_day import RenderDay

__all__ = ["harness", "table"]

VIDEO = "ARCHIVE/WSOP/WSOP 2031/0504_Hand_04_Abel AA vs Cruz KTo_Clean"
ROW = {"File_Name": VIDEO.rpartition("/")[2], "Hands": "AA vs KTo", "Winner": "AA", "Tag_(Player)": "Otto Abel vs CRUZ"}
Annotate = Callable[..., LinkReport]


@pytest.fixture
def annotate(harness: SheetHarness, table: Table) -> Annotate:
    """``annotate(**cells)``: the sheet's one row says this of the video of one of the session's hands."""
    table.write(write_session(make_walk(number=4), make_showdown(at=3, number=9)))
    table.take()
    harness.add_files(f"{VIDEO}.mp4")
    build_catalog(harness.engine, correlation_id="test")

    def write(**cells: str) -> LinkReport:
        harness.write(make_line(1, **{**ROW, **cells}))
        harness.sync()
        harness.build()
        return link_hands(harness.engine, ZoneInfo("UTC"), correlation_id="test")

    return write


def list_open(table: Table) -> list[tuple[str, str, str]]:
    with table.engine.connect() as connection:
        return [(each.field, each.hand_says, each.sheet_says) for each in list_disagreements(connection)]


def read_link(table: Table) -> list[tuple[int, str]]:
    return table.ask("select h.hand_number, m.how from hand_clip_links m join hands h on h.id = m.hand_id")


def test_a_row_and_a_hand_that_agree_are_linked(annotate: Annotate, table: Table) -> None:
    report = annotate(Hands="94o vs 73o", **{"Tag_(Player)": "ABEL vs BRUN"}, Winner="")

    assert (report.linked, report.made, report.disagreements) == (1, 1, 0)
    assert read_link(table) == [(4, "table")]


def test_linking_again_changes_nothing(annotate: Annotate, table: Table) -> None:
    annotate(Winner="KT")
    before = table.ask("select * from hand_clip_links"), table.ask("select * from hand_disagreements")

    report = link_hands(table.engine, ZoneInfo("UTC"), correlation_id="again")

    assert (report.made, report.gone, report.disagreements) == (0, 0, 0)
    assert (table.ask("select * from hand_clip_links"), table.ask("select * from hand_disagreements")) == before


def test_the_hand_number_in_the_video_name_is_used(annotate: Annotate, table: Table) -> None:
    annotate(Hands="AA vs QQ", Winner="")

    assert read_link(table) == [(4, "table")]
    assert [field for field, _, _ in list_open(table)] == ["cards"]


def test_players_and_cards_outweigh_the_hand_number(annotate: Annotate, table: Table) -> None:
    annotate(Winner="KTo")

    assert read_link(table) == [(9, "sheet")]
    assert list_open(table) == [("winner", "Abel A♠ A♥", "KTo")]


def test_a_disagreement_opens_once_and_closes_when_both_agree(annotate: Annotate, table: Table) -> None:
    annotate(Hands="94s vs 73o", **{"Tag_(Player)": "ABEL vs BRUN"}, Winner="94s")
    annotate(Hands="94s vs 73o", **{"Tag_(Player)": "ABEL vs BRUN"}, Winner="")

    events = table.count_events()
    assert list_open(table) == [("cards", "Abel 9♣ 4♠, Brun 7♣ 3♥", "94s vs 73o")]
    assert events["hand.disagreement"] == 1
    annotate(Hands="94o vs 73o", **{"Tag_(Player)": "ABEL vs BRUN"}, Winner="")
    assert list_open(table) == []
    assert table.ask('select state, "by" from hand_disagreements') == [("settled", "pokervod")]


def test_a_settled_disagreement_opens_again_only_after_a_change(annotate: Annotate, table: Table) -> None:
    cells = {"Tag_(Player)": "ABEL vs BRUN", "Winner": ""}
    annotate(Hands="94s vs 73o", **cells)
    with table.engine.begin() as connection:
        (waiting,) = list_disagreements(connection)
        settle_disagreement(connection, waiting.id, actor=Actor(who="Ana", reason="the table misread"))

    annotate(Hands="94s vs 73o", **cells)
    assert list_open(table) == []
    annotate(Hands="95s vs 73o", **cells)
    assert [says for _, _, says in list_open(table)] == ["95s vs 73o"]
    assert table.count_events()["hand.disagreement"] == 2


def test_a_disagreement_is_settled_once(annotate: Annotate, table: Table) -> None:
    annotate(Hands="94s vs 73o", **{"Tag_(Player)": "ABEL vs BRUN"}, Winner="")
    with table.engine.begin() as connection:
        (waiting,) = list_disagreements(connection)
        settle_disagreement(connection, waiting.id, actor=Actor(who="Ana", reason="seen"))
        with pytest.raises(Conflict, match="settled already"):
            settle_disagreement(connection, waiting.id, actor=Actor(who="Ana", reason="seen"))
    audit = "select payload ->> 'by', payload ->> 'reason' from events where type = 'hand.disagreement.settled'"
    assert table.ask(audit) == [("Ana", "seen")]


def test_the_data_flow_of_a_hand_has_its_clips_and_events(annotate: Annotate, table: Table) -> None:
    annotate(Hands="94s vs 73o", **{"Tag_(Player)": "ABEL vs BRUN"}, Winner="")
    ((hand_id,),) = table.ask("select hand_id from hand_clip_links")

    flow = read_data_flow(table.engine, hand_id)

    assert (flow["hand"]["hand_number"], flow["hand"]["file_state"], flow["hand"]["winners"]) == (4, "read", (3,))
    assert [clip["path"] for clip in flow["clips"]] == [f"{VIDEO}.mp4"]
    assert [one["field"] for one in flow["disagreements"]] == ["cards"]
    assert [event["type"] for event in flow["events"]] == ["hand.created", "hand.disagreement"]


def test_the_data_flow_of_a_hand_has_its_graphics_and_their_files(annotate: Annotate, table: Table) -> None:
    annotate(Hands="94o vs 73o", **{"Tag_(Player)": "ABEL vs BRUN"}, Winner="")
    ((hand_id,),) = table.ask("select hand_id from hand_clip_links")
    day = RenderDay(engine=table.engine, settings=table.settings)
    path = day.make_file()
    waiting = day.request_for("Abel", hand_id=hand_id)[0]
    day.execute("update render_instructions set hand_id = :hand where id <> :id", hand=hand_id, id=waiting)

    flow = read_data_flow(table.engine, hand_id)

    states = {one["id"]: (one["state"], one["output"] and one["output"]["path"]) for one in flow["instructions"]}
    assert states == {waiting: ("pending", None), waiting - 1: ("completed", path.name)}


def test_all_steps_at_once(annotate: Annotate, table: Table) -> None:
    annotate(Winner="")
    table.write(write_session(make_walk(at=30, number=5), ID=5))

    report = import_and_link_hands(table.engine, table.settings, [table.drop], correlation_id="test")

    assert (report.imported.created, report.replayed.hands, report.links.linked) == (1, 3, 1)
