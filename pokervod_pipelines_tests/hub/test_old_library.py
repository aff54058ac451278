"""Check that a client written from the contract alone does all that its table lists, and that both sides see it."""

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.events.payloads import check_payload
from pokervod_pipelines.hands.imports import import_hands
from pokervod_pipelines.render import queue
from pokervod_pipelines.render.actions import cancel, retry
from pokervod_pipelines.render.worker.run import run_worker
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines.tournaments.apply import apply_tournaments
from pokervod_pipelines.tournaments.records import TournamentRow, TournamentStatus
from pokervod_pipelines.workflows.arrivals import find_arrivals
from pokervod_pipelines.workflows.day_stages import run_hands_stage, run_instructions_stage, run_tournaments_stage
from pokervod_pipelines.workflows.stages import SyncRun
from pokervod_pipelines.workflows.workflow import find_today
from pokervod_pipelines_tests.hands.sessions import make_showdown, write_session
from pokervod_pipelines_tests.hub.conftest import Hub
from pokervod_pipelines_tests.hub.old_library import OldLibrary

PLAYERS = [
    {"seat": 1, "name": "Ana Ruiz", "stack": 40_000, "hole_cards": ["As", "Ad"]},
    {"seat": 4, "name": "Tom Berg", "stack": 25_000, "hole_cards": ["Kh", "Kd"]},
    {"seat": 5, "name": "Eva Lind", "stack": 9_000, "hole_cards": ["9c", "9d"]},
]
BOARD = ["Ah", "Kc", "2s", "2d", "7c"]
ACTIONS = [{"player": "Eva Lind", "action": "fold"}, {"seat": 4, "action": "all_in", "amount": 25_000}]
SMALL = {"format": "mov_alpha", "width": 384, "height": 216, "fps": 10, "duration_frames": 5, "quality": "high"}
LAYERS = {"player": "Ana Ruiz", "place": "9th", "prize": 25_000}
QUEUE = RenderQueueSettings(retry_seconds=0)


def make_hand(**changed: Any) -> dict[str, Any]:
    return {
        "table_id": "Feature",
        "hand_number": 7,
        "source": "csv",
        "hand_rank": "full_house",
        "pot_size": 51_000,
        "winner": "Ana Ruiz",
        "players_json": PLAYERS,
        "community_cards_json": BOARD,
        "actions_json": ACTIONS,
        "duration_seconds": 150,
        "created_at": datetime.now(UTC),
    } | changed


def make_instruction(**changed: Any) -> dict[str, Any]:
    return {
        "template_name": "elimination",
        "layer_data_json": LAYERS,
        "output_settings_json": SMALL,
        "output_filename": "out.v1",
        "status": "pending",
        "priority": 5,
        "trigger_type": "manual",
    } | changed


def make_tournament(**changed: Any) -> dict[str, Any]:
    standings = [
        {"rank": 1, "name": "Ana Ruiz", "chips": 90_000},
        {"rank": 2, "name": "Tom Berg", "chips": 10_000},
    ]
    return {
        "name": "Main Event",
        "event_code": "ME-1",
        "event_type": "nlh",
        "buy_in": 10_000,
        "prize_pool": 500_000,
        "total_entries": 50,
        "remaining_players": 2,
        "current_level": 12,
        "blinds_json": [{"level": 12, "small_blind": 500, "big_blind": 1_000, "ante": 1_000, "duration": 60}],
        "current_blinds_json": {"level": 12, "small_blind": 500, "big_blind": 1_000},
        "payouts_json": [{"place": 1, "amount": 200_000}, {"place": 2, "amount": 100_000}],
        "places_paid": 2,
        "standings_json": standings,
        "start_date": datetime.now() - timedelta(hours=5),  # noqa: DTZ005 - as the old programs write it
        "source": "manual",
    } | changed


def use(hub: Hub, work: Callable[[OldLibrary], Coroutine[Any, Any, Any]], role: str | None = None) -> Any:
    async def run() -> Any:
        async with hub.connect(role) as library:
            return await work(library)

    return asyncio.run(run())


def run_stages(hub: Hub) -> None:
    """Do what the workflow of session files does."""
    run = SyncRun(engine=hub.engine, settings=hub.settings, correlation_id="r")
    for stage in (run_hands_stage, run_tournaments_stage, run_instructions_stage):
        stage(run, find_today(hub.settings))


def check_events(hub: Hub) -> list[tuple[object, ...]]:
    """Return the events, each with the payload that its type has."""
    events = hub.read("select type, payload, version from events order by id")
    for type_, payload, version in events:
        check_payload(str(type_), payload)  # type: ignore[arg-type]
        assert version == 1
    return events


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


def test_what_of_a_tournament_cannot_be_read_is_told_and_the_rest_is_taken(hub: Hub) -> None:
    wrong = [{"rank": 1, "name": "Ana Ruiz", "chips": "many"}, {"rank": 2, "name": "Tom Berg", "chips": 5}]
    use(hub, lambda it: it.upsert_tournament(**make_tournament(standings_json=wrong)))
    run_stages(hub)

    assert hub.read("select player_name from tournament_players") == [("Tom Berg",)]
    ((problem,),) = hub.read("select problem from hub_tournament_writes")
    assert "column chips: 'many'" in str(problem)
    assert not find_arrivals(hub.engine, hub.settings).is_due


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
    assert "entry 3 is no object" in found


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


def test_a_tournament_is_written_and_read_and_its_history_has_each_state(hub: Hub) -> None:
    out = [{"rank": 1, "name": "Ana Ruiz", "chips": 100_000}, {"rank": 2, "name": "Tom Berg", "chips": 0}]

    first = use(hub, lambda it: it.upsert_tournament(**make_tournament()))
    second = use(
        hub,
        lambda it: it.upsert_tournament(**make_tournament(remaining_players=1, current_level=13, standings_json=out)),
    )
    seen = use(hub, lambda it: it.get_tournament("ME-1"))
    run_stages(hub)

    assert first == second
    written = make_tournament(remaining_players=1, current_level=13, standings_json=out)
    assert {name: seen[name] for name in written if name != "start_date"} == {
        name: value for name, value in written.items() if name != "start_date"
    }
    assert seen["start_date"] == written["start_date"].astimezone(UTC) or seen["start_date"].tzinfo is not None
    assert use(hub, lambda it: it.get_tournament("ME-1")) == seen
    assert use(hub, lambda it: it.list_active_tournaments()) == ["ME-1"]
    assert hub.read("select count(*) from hub_tournament_writes") == [(0,)]
    assert hub.read("select progress from tournament_progress order by 1") == [(12,), (13,)]
    assert hub.read("select player_name, is_eliminated, was_seen_playing from tournament_players order by 1") == [
        ("Ana Ruiz", False, True),
        ("Tom Berg", True, True),
    ]
    assert hub.read("select amount from payouts order by place_start")[0][0] == 200_000
    types = [event[0] for event in check_events(hub)]
    assert types.count("tournament.player.eliminated") == types.count("tournament.level.ended") == 1
    assert hub.read("select template from render_instructions where trigger_kind = 'elimination'") == [("elimination",)]
    use(hub, lambda it: it.upsert_tournament(**make_tournament(end_date=datetime.now(UTC))))
    assert use(hub, lambda it: it.list_active_tournaments()) == []


def test_our_tournaments_are_seen_as_theirs_as_they_change(hub: Hub) -> None:
    def put(level: int, status: TournamentStatus) -> None:
        row = TournamentRow(
            tournament_number="21", name="High Roller", status=status, current_level=level, registered_players=30
        )
        with hub.engine.begin() as connection:
            apply_tournaments(connection, [row], datetime(2025, 5, 4, 18, level, tzinfo=UTC), confirm_loss=False)

    put(3, TournamentStatus.RUNNING)
    first = use(hub, lambda it: it.get_tournament("21"))
    put(4, TournamentStatus.COMPLETED)
    last = use(hub, lambda it: it.get_tournament("21"))

    assert (first["name"], first["current_level"], first["total_entries"]) == ("High Roller", 3, 30)
    assert first["end_date"] is None
    assert last["end_date"] == datetime(2025, 5, 4, 18, 4, tzinfo=UTC)
    assert use(hub, lambda it: it.list_active_tournaments()) == []
    assert not find_arrivals(hub.engine, hub.settings).is_due, "what we wrote is not theirs"


def test_an_instruction_enters_our_queue_and_is_read_by_priority_and_age(hub: Hub) -> None:
    late, urgent = (
        use(hub, lambda it, priority=priority: it.insert("render_instructions", **make_instruction(priority=priority)))
        for priority in (5, 1)
    )
    rows = use(hub, lambda it: it.list_pending())

    assert [row["id"] for row in rows] == [urgent, late]
    assert rows[0]["layer_data_json"] == LAYERS
    assert rows[0]["output_settings_json"] == SMALL
    assert (rows[0]["output_filename"], rows[0]["retry_count"], rows[0]["max_retries"]) == ("out.v1", 0, 3)
    (job, *_) = queue.claim_jobs(hub.engine, QUEUE, worker="w1", renderer="local", limit=1)
    assert (job.id, job.layers) == (urgent, LAYERS)
    assert {name: job.output[name] for name in ("format", "width", "fps", "seconds")} == {
        **{"format": "mov_alpha", "width": 384},
        **{"fps": 10, "seconds": 0.5},
    }
    assert use(hub, lambda it: it.set_status(urgent, "processing")) == 0, "our worker has it"
    assert use(hub, lambda it: it.set_status(urgent, "completed")) == 0
    check_events(hub)


def test_a_program_takes_ends_and_retries_as_the_guard_allows(hub: Hub) -> None:
    role, at = hub.roles[0], datetime.now(UTC)
    other = hub.make_role()
    number = use(hub, lambda it: it.insert("render_instructions", **make_instruction()))

    def set_status(status: str, who: str = role, **more: Any) -> int:
        return int(use(hub, lambda it: it.set_status(number, status, **more), who))

    assert set_status("completed") == set_status("failed") == set_status("pending") == 0
    assert set_status("processing", started_at=datetime.now()) == 1  # noqa: DTZ005 - as the old programs write it
    assert set_status("processing") == set_status("processing", other) == 0
    assert set_status("completed", other) == set_status("failed", other) == set_status("pending", other) == 0
    assert hub.read("select claimed_by, state from render_instructions") == [(role, "processing")]
    assert queue.claim_jobs(hub.engine, QUEUE, worker="w1", renderer="local", limit=1) == []
    assert queue.requeue_lost(hub.engine, QUEUE) == [], "a program sends no heartbeat"
    assert set_status("failed", error="disk full", completed_at=at) == 1
    seen = use(hub, lambda it: it.fetch("SELECT * FROM render_instructions"))[0]
    assert (seen["status"], seen["error_message"]) == ("failed", "disk full")
    assert use(hub, lambda it: it.retry(number)) == 1
    assert use(hub, lambda it: it.list_pending())[0]["retry_count"] == 1
    assert set_status("processing") == set_status("completed", completed_at=at) == 1
    assert set_status("pending") == set_status("failed") == use(hub, lambda it: it.retry(number)) == 0
    with pytest.raises(DBAPIError, match="unknown status 'rendering'"):
        set_status("rendering")
    types = [event[0] for event in check_events(hub)]
    assert types == [
        f"render.{each}" for each in ("instruction.created", "started", "failed", "requeued", "started", "completed")
    ]
    outcomes = hub.read("select outcome, worker from render_attempts order by ended_at")
    assert outcomes == [("failed", role), ("completed", role)]


def test_retries_end_and_other_ends_count_as_failed(hub: Hub) -> None:
    spent, cancelled = (
        use(hub, lambda it, most=most: it.insert("render_instructions", **make_instruction(max_retries=most)))
        for most in (0, 3)
    )
    use(hub, lambda it: it.set_status(spent, "processing"))
    use(hub, lambda it: it.set_status(spent, "failed", error="x"))
    cancel(hub.engine, [cancelled], Actor(who="eva", reason="not needed"))

    assert use(hub, lambda it: it.count_by_status()) == {"failed": 2}
    assert use(hub, lambda it: it.retry(spent)) == 0
    assert use(hub, lambda it: it.retry(cancelled)) == 1
    assert retry(hub.engine, [spent], Actor(who="eva", reason="again")).done == (spent,)
    assert use(hub, lambda it: it.count_by_status()) == {"pending": 2}


def test_a_claim_of_a_program_that_died_is_requeued_after_the_time_limit(hub: Hub) -> None:
    number = use(hub, lambda it: it.insert("render_instructions", **make_instruction()))
    use(hub, lambda it: it.set_status(number, "processing"))
    hub.read("update render_instructions set started_at = now() - interval '1 hour' returning id")

    assert [each.state for each in queue.requeue_lost(hub.engine, QUEUE)] == ["pending"]
    assert use(hub, lambda it: it.set_status(number, "completed")) == 0


@pytest.mark.parametrize(
    "reason",
    [
        "insert into render_pauses (scope, reason, by) values ('all', 'x', 'eva') returning scope",
        "update render_instructions set held_until = now() + interval '1 hour' returning id",
        "update render_instructions set due_at = now() + interval '1 hour' returning id",
        "insert into render_workers (name, host, pid, renderers, quarantine_reason)"
        " values ((select name from hub_roles), 'h', 1, '{}', 'x') returning name",
    ],
)
def test_what_no_worker_may_claim_no_program_may(hub: Hub, reason: str) -> None:
    number = use(hub, lambda it: it.insert("render_instructions", **make_instruction()))
    hub.read(reason)

    assert use(hub, lambda it: it.set_status(number, "processing")) == 0


def test_an_instruction_of_a_hand_that_is_not_stored_yet_gets_it_later(hub: Hub) -> None:
    hand = use(hub, lambda it: it.insert("hands", **make_hand()))
    values = make_instruction(trigger_type="hand", trigger_id=str(hand))
    number = use(hub, lambda it: it.insert("render_instructions", **values))
    run_stages(hub)

    assert hub.read("select hand_id from render_instructions where id = :id", id=number) == [(hand,)]


def test_outputs_are_recorded_and_verified_where_they_can_be_reached(hub: Hub) -> None:
    ours, theirs, lost = (use(hub, lambda it: it.insert("render_instructions", **make_instruction())) for _ in range(3))
    for number in (theirs, lost):
        use(hub, lambda it, number=number: it.set_status(number, "processing"))
    run_worker(hub.engine, hub.settings, name="w1", until_empty=True)
    (made,) = use(hub, lambda it: it.list_outputs(ours))
    copy = Path(made["output_path"]).with_name("theirs.mov")
    shutil.copyfile(made["output_path"], copy)

    def report(number: int, path: str) -> int:
        values = {
            "instruction_id": number,
            "output_path": path,
            "file_size": 10,
            "frame_count": 5,
            "status": "completed",
        }
        return int(use(hub, lambda it: it.insert("render_outputs", **values)))

    first = report(theirs, "/elsewhere/theirs.mov")
    second, third = report(theirs, str(copy)), report(lost, __file__)
    before = find_arrivals(hub.engine, hub.settings).is_due
    for number in (theirs, lost):
        use(hub, lambda it, number=number: it.set_status(number, "completed"))
    run_stages(hub)

    assert (made["status"], made["frame_count"]) == ("completed", 5)
    assert not before, "what is rendered still is not verified yet"
    assert [row["id"] for row in use(hub, lambda it: it.list_outputs(theirs))] == [second, first]
    stored = hub.read("select instruction_id, path, made_by from render_outputs where instruction_id <> :id", id=ours)
    assert stored == [(theirs, copy.relative_to(hub.settings.renders.absolute()).as_posix(), hub.roles[0])]
    assert "cannot be reached" in str(hub.read("select finding from hub_outputs order by id")[0][0])
    (broken,) = use(hub, lambda it: it.list_outputs(lost))
    assert (broken["id"], broken["status"]) == (third, "failed")
    assert not find_arrivals(hub.engine, hub.settings).is_due
