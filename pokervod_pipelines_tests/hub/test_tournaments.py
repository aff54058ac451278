"""Check tournaments that programs write and read, and that both sides see the same."""

from datetime import UTC, datetime

from pokervod_pipelines.tournaments.apply import apply_tournaments
from pokervod_pipelines.tournaments.records import TournamentRow, TournamentStatus
from pokervod_pipelines.workflows.arrivals import find_arrivals
from pokervod_pipelines_tests.hub.conftest import Hub
from pokervod_pipelines_tests.hub.rows import check_events, make_tournament, run_stages, use


def test_what_of_a_tournament_cannot_be_read_is_told_and_the_rest_is_taken(hub: Hub) -> None:
    wrong = [{"rank": 1, "name": "Ana Ruiz", "chips": "many"}, {"rank": 2, "name": "Tom Berg", "chips": 5}]
    use(hub, lambda it: it.upsert_tournament(**make_tournament(standings_json=wrong)))
    run_stages(hub)

    assert hub.read("select player_name from tournament_players") == [("Tom Berg",)]
    ((problem,),) = hub.read("select problem from hub_tournament_writes")
    assert "column chips: 'many'" in str(problem)
    assert not find_arrivals(hub.engine, hub.settings).is_due


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
