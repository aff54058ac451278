"""Check hands that programs write and read, and that both sides see the same."""

import json
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.hands.imports import import_hands
from pokervod_pipelines.workflows.arrivals import find_arrivals
from pokervod_pipelines.workflows.day_stages import run_hands_stage
from pokervod_pipelines.workflows.stages import SyncRun
from pokervod_pipelines.workflows.workflow import find_today
from pokervod_pipelines_tests.hands.sessions import make_showdown, write_session
from pokervod_pipelines_tests.hub.conftest import Hub
from pokervod_pipelines_tests.hub.rows import (
    check_events,
    make_hand,
    run_stages,
    use,
)


@pytest.mark.parametrize("zone", [None, UTC], ids=["naive", "aware"])
def test_a_hand_reads_back_at_once_and_becomes_one_of_ours_under_its_id(hub: Hub, zone: tzinfo | None) -> None:
    at = datetime.now(zone)
    role = hub.make_role(sees_hole_cards=True)
    hand_id = use(hub, lambda it: it.insert("hands", **make_hand(created_at=at)), role)
    before = use(hub, lambda it: it.get_hand(hand_id), role)
    due = find_arrivals(hub.engine, hub.settings).is_due
    run_stages(hub)
    after = use(hub, lambda it: it.get_hand(hand_id), role)

    assert due
    assert {name: value for name, value in before.items() if name not in {"id", "created_at", "updated_at"}} == {
        name: value for name, value in make_hand().items() if name != "created_at"
    }
    assert before["created_at"] == at.astimezone(UTC)
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    ours = hub.read("select source, grade, is_premium, best_category, pot, winners, table_name from hands")
    assert ours == [("csv", "A", True, "full_house", 51_000, [1], "Feature")]
    assert hub.read("select content from hands")[0][0]["seats"][2]["has_folded"]  # type: ignore[index]
    made = hub.read("select template, hand_id, trigger_kind from render_instructions")
    assert made == [("premium_hand", hand_id, "premium_hand")]
    assert [event[0] for event in check_events(hub)] == ["hand.created", "render.instruction.created"]
    assert not find_arrivals(hub.engine, hub.settings).is_due
    run_stages(hub)
    assert len(check_events(hub)) == 2


@pytest.mark.parametrize("is_stored", [False, True])
def test_hands_are_found_by_number_rank_and_age(hub: Hub, is_stored: bool) -> None:
    now = datetime.now(UTC)
    first, second = (
        use(hub, lambda it, at=at: it.insert("hands", **make_hand(created_at=at)))
        for at in (now - timedelta(hours=2), now - timedelta(hours=1))
    )
    other = use(hub, lambda it: it.insert("hands", **make_hand(hand_number=8, hand_rank="flush", created_at=now)))
    if is_stored:
        run_stages(hub)

    assert [row["id"] for row in use(hub, lambda it: it.get_hands_by_number("Feature", 7))] == [second]
    assert use(hub, lambda it: it.get_hand(first))["hand_number"] == 7
    assert use(hub, lambda it: it.list_recent_hands(5)) == [other, second, first]
    assert use(hub, lambda it: it.list_recent_hands(1)) == [other]
    assert use(hub, lambda it: it.list_hands_by_rank(["full_house", "high_card"])) == [second, first]


def test_our_hands_are_seen_as_theirs(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    file.write_bytes(write_session(make_showdown()))
    import_hands(hub.engine, hub.settings, [file], correlation_id="r")
    ((hand_id, content),) = hub.read("select id, content from hands")

    seen = use(hub, lambda it: it.get_hand(hand_id), hub.make_role(sees_hole_cards=True))

    assert (seen["source"], seen["table_id"], seen["pot_size"]) == ("rfid", content["table"], content["pot"])  # type: ignore[index]
    assert seen["hand_rank"] == content["best_hand"]["category"]  # type: ignore[index]
    assert seen["community_cards_json"] == content["boards"][0]  # type: ignore[index]
    assert [(each["seat"], each["stack"], each["hole_cards"]) for each in seen["players_json"]] == [
        (each["number"], each["start_stack"], each["hole_cards"])
        for each in content["seats"]  # type: ignore[index]
    ]
    assert {each["action"] for each in seen["actions_json"]} >= {"bet"}
    names = {each["number"]: each["name"] for each in content["seats"]}  # type: ignore[index]
    assert seen["winner"] == " / ".join(names[number] for number in content["winners"])  # type: ignore[index]


@pytest.mark.parametrize("is_stored", [False, True])
def test_hole_cards_are_blank_inside_the_broadcast_delay(hub: Hub, is_stored: bool) -> None:
    told = hub.make_role(sees_hole_cards=True)
    now, delay = datetime.now(UTC), timedelta(minutes=hub.settings.api.broadcast_delay_minutes)
    shown = [{"player": "Ana Ruiz", "action": "show", "cards": ["As", "Ad"]}]
    fresh, old = (
        use(hub, lambda it, at=at: it.insert("hands", **make_hand(created_at=at, actions_json=shown)))
        for at in (now - delay + timedelta(minutes=1), now - delay - timedelta(minutes=1))
    )
    if is_stored:
        run_stages(hub)

    def read(hand_id: int, role: str | None = None) -> str:
        return json.dumps(use(hub, lambda it: it.get_hand(hand_id), role), default=str)

    cards = ["As", "Ad", "Kh", "Kd", "9c", "9d"]
    assert [card for card in cards if f'"{card}"' in read(fresh)] == []
    assert [card for card in cards if f'"{card}"' in read(old)] == cards
    assert [card for card in cards if f'"{card}"' in read(fresh, told)] == cards
    assert '"Ah"' in read(fresh), "the board is on the air"


def test_a_correction_of_ours_shows_in_their_view(hub: Hub) -> None:
    hand_id = use(hub, lambda it: it.insert("hands", **make_hand()))
    run_stages(hub)
    hub.read("update hands set pot = 99, digest = 'corrected' returning id")

    assert use(hub, lambda it: it.get_hand(hand_id))["pot_size"] == 99


def test_what_a_hand_cannot_be_read_of_is_a_finding(hub: Hub) -> None:
    players = [{"seat": 1, "name": "Ana Ruiz", "hole_cards": ["Zz"]}, {"seat": 2, "name": "Tom Berg"}, "nobody"]
    hand_id = use(
        hub,
        lambda it: it.insert("hands", **make_hand(players_json=players, winner="Someone", hand_rank="four_of_a_kind")),
    )
    run_stages(hub)

    assert hub.read("select id, grade, is_premium from hands") == [(hand_id, "A", True)]
    found = " ".join(str(row[0]) for row in hub.read("select message from hand_findings"))
    assert "'Zz' is not a card" in found
    assert "'Someone' is none of the players" in found
    assert "entry 3: expected an object; it is left out" in found


def test_hands_are_taken_up_while_no_drop_folder_answers(hub: Hub, tmp_path: Path) -> None:
    hands = hub.settings.hands.model_copy(update={"drop_folders": (tmp_path / "unmounted",)})
    settings = hub.settings.model_copy(update={"hands": hands})
    use(hub, lambda it: it.insert("hands", **make_hand()))

    with pytest.raises(Unavailable, match="unmounted"):
        run_hands_stage(SyncRun(engine=hub.engine, settings=settings, correlation_id="r"), find_today(settings))

    assert hub.read("select grade from hands") == [("A",)]
