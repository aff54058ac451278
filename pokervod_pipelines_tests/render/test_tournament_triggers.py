"""Check that tournaments and the schedule become instructions, which later exports do not change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pokervod_pipelines_tests.render.render_database import DAY, RenderDatabase

AT = datetime(2031, 5, 4, 20, 0, tzinfo=UTC)


def put(database: RenderDatabase, table: str, **values: Any) -> None:
    """Insert the row."""
    columns = ", ".join(values)
    database.execute(f"insert into {table} ({columns}) values ({', '.join(f':{name}' for name in values)})", **values)


def put_tournament(database: RenderDatabase, *levels: int, status: str = "running") -> None:
    """Insert tournament 21, exported an hour apart in each of these levels."""
    put(
        database,
        "tournaments",
        tournament_number="21",
        name="Main Event",
        status=status,
        progress=levels[-1],
        seen_at=AT,
    )
    for hour, level in enumerate(levels):
        first_seen_at = AT + timedelta(hours=hour)
        put(database, "tournament_progress", tournament_number="21", progress=level, first_seen_at=first_seen_at)


def put_count(database: RenderDatabase, player: str, chips: int, *, hour: float = 0, is_out: bool = False) -> None:
    """Insert the player's chips as an export of that hour has them."""
    at = AT + timedelta(hours=hour)
    put(
        database,
        "chip_counts",
        tournament_number="21",
        player_key=player.lower(),
        first_seen_at=at,
        last_seen_at=at,
        seen_at=[at],
        player_name=player,
        chips=chips,
        is_eliminated=is_out,
    )


def put_out(
    database: RenderDatabase, player: str, place: int | None, *, eliminations: int = 1, was_seen_playing: bool = True
) -> None:
    """Insert the player as eliminated at ``AT``."""
    database.execute("delete from tournament_players where player_key = :key", key=player.lower())
    put(
        database,
        "tournament_players",
        tournament_number="21",
        player_key=player.lower(),
        player_name=player,
        chips=0,
        rank=place,
        is_eliminated=True,
        eliminations=eliminations,
        eliminated_at=AT,
        was_seen_playing=was_seen_playing,
        first_seen_at=AT,
        last_seen_at=AT,
    )


def put_payouts(database: RenderDatabase, *amounts: int, at: datetime = AT) -> None:
    """Insert payouts of the newest export, the last amount for ten places."""
    for place, amount in enumerate(amounts, 1):
        last = place if place < len(amounts) else place + 9
        put(
            database,
            "payouts",
            tournament_number="21",
            place_start=place,
            place_end=last,
            amount=amount,
            is_bracelet=place == 1,
            seen_at=at,
        )


def put_slot(database: RenderDatabase, title: str, starts_at: datetime, *, seen_at: datetime = AT) -> None:
    """Insert an entry of the schedule."""
    values = {"channel": "Main", "day": starts_at.date(), "event_title": title, "is_live": True, "seen_at": seen_at}
    put(database, "broadcast_slots", starts_at=starts_at, **values)


def test_an_elimination_has_player_place_and_prize(database: RenderDatabase) -> None:
    put_tournament(database, 3)
    put_payouts(database, 100_000, 60_000, 9_000)
    put_out(database, "Ana Ruiz", 7)

    database.make()

    made = database.find(template="elimination")[0]
    assert made.layers == {"player": "Ana Ruiz", "place": "7th", "prize": 9_000, "event": "Main Event"}
    assert made.trigger_key == "21/ana ruiz/1"


def test_players_who_were_out_before_the_first_export_trigger_nothing(database: RenderDatabase) -> None:
    put_out(database, "Ana Ruiz", 70, was_seen_playing=False)

    assert database.make().triggers == 0


def test_a_revoked_elimination_is_withdrawn_and_a_later_one_counts_again(database: RenderDatabase) -> None:
    put_out(database, "Ana Ruiz", 9)
    database.make()
    database.execute("update tournament_players set is_eliminated = false, eliminated_at = null")
    database.make()
    assert (database.find()[0].state, database.find()[0].reason) == ("cancelled", "the elimination was revoked")

    put_out(database, "Ana Ruiz", 8, eliminations=2)
    database.make()

    assert [(each.state, each.trigger_key) for each in database.find()][-1] == ("pending", "21/ana ruiz/2")


def test_a_tournament_without_a_name_or_place_is_still_drawn(database: RenderDatabase) -> None:
    put_out(database, "Ana Ruiz", None)

    database.make()

    assert database.find()[0].layers == {"player": "Ana Ruiz", "event": "21"}


def test_the_end_of_a_level_shows_the_nine_with_most_chips_at_that_time(database: RenderDatabase) -> None:
    put_tournament(database, 3, 4, 5)
    put(
        database,
        "blind_levels",
        tournament_number="21",
        level=3,
        is_break=False,
        big_blind=800,
        break_name="",
        seen_at=AT,
    )
    for number in range(1, 13):
        put_count(database, f"Player {number}", 10_000 * number)
    put_count(database, "Player 12", 0, hour=0.9, is_out=True)
    put_count(database, "Player 1", 500_000, hour=1.01)
    put_count(database, "Player 2", 900_000, hour=1.5)

    database.make()

    third, fourth = database.find(template="leaderboard")
    assert (third.layers["heading"], third.layers["subheading"]) == ("Main Event", "End of level 3")
    assert third.layers["players_left"] == 11
    assert [row["player"] for row in third.layers["rows"]][:3] == ["Player 1", "Player 11", "Player 10"]
    assert third.layers["rows"][0] == {"position": 1, "player": "Player 1", "chips": 500_000, "big_blinds": 625}
    assert len(third.layers["rows"]) == 9
    assert fourth.layers["rows"][0]["player"] == "Player 2"
    assert not database.find(template="chip_counts")


def test_later_chips_change_no_earlier_leaderboard(database: RenderDatabase) -> None:
    put_tournament(database, 3, 4)
    put_count(database, "Ana", 10_000)
    database.make()
    put_count(database, "Ana", 90_000, hour=1.6)

    assert database.make().changed == 0


def test_a_level_with_unknown_players_is_a_problem_and_not_an_empty_table(database: RenderDatabase) -> None:
    put_tournament(database, 3, 4)

    report = database.make()

    assert report.created == 0
    assert "end of level 3 of Main Event: layer 'rows' of leaderboard is required" in report.problems[0].what


def test_nine_players_left_show_their_stacks_too(database: RenderDatabase) -> None:
    put_tournament(database, 3, 4)
    put(
        database,
        "blind_levels",
        tournament_number="21",
        level=3,
        is_break=False,
        small_blind=20_000,
        big_blind=40_000,
        break_name="",
        seen_at=AT,
    )
    put_count(database, "Ana", 1_000_000)

    database.make()

    made = database.find(template="chip_counts")[0]
    assert made.layers["blinds"] == "20K / 40K"
    assert made.layers["rows"] == [{"player": "Ana", "chips": 1_000_000, "big_blinds": 25}]


def test_payouts_are_one_graphic_that_follows_the_newest_export_from_day_to_day(database: RenderDatabase) -> None:
    put_tournament(database, 3)
    put_payouts(database, 100_000, 50_000)
    database.make()
    made = database.find()[0]
    assert made.layers["rows"] == [{"place": "1st", "amount": 100_000}, {"place": "2nd–11th", "amount": 50_000}]

    database.execute("update payouts set seen_at = :at", at=AT + timedelta(days=1))
    assert [database.make(day).changed for day in (DAY, date(2031, 5, 5), DAY, None)] == [0, 0, 0, 0]

    database.execute("update payouts set amount = 120000 where place_start = 1")
    assert [database.make(day).superseded for day in (date(2031, 5, 5), DAY, None)] == [1, 0, 0]
    assert database.find()[0].reason == "superseded: rows: row 1: 1st 100,000 → 1st 120,000"


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Seoul"])
def test_the_schedule_is_shown_in_the_time_zone(database: RenderDatabase, zone: str) -> None:
    database.settings = database.settings.model_copy(update={"time_zone": zone})
    put_slot(database, "Day 2", AT)

    database.make()

    made = database.find()[0]
    said = {"Europe/London": ("Sunday 4 May", "21:00"), "Asia/Seoul": ("Monday 5 May", "05:00")}[zone]
    assert made.layers == {"heading": "Day 2", "date": said[0], "time": said[1], "zone": zone, "channel": "Main"}


def test_a_show_that_moved_moves_its_graphic(database: RenderDatabase) -> None:
    put_slot(database, "Day 2", AT)
    database.make()
    put_slot(database, "Day 2", AT + timedelta(hours=1), seen_at=AT + timedelta(hours=3))

    report = database.make()

    assert (report.created, report.withdrawn) == (1, 1)
    assert [each.state for each in database.find()] == ["cancelled", "pending"]


def test_what_happens_after_midnight_belongs_to_the_show_of_the_evening(database: RenderDatabase) -> None:
    put_out(database, "Ana Ruiz", 9)
    database.execute("update tournament_players set eliminated_at = :at", at=datetime(2031, 5, 5, 5, 59, tzinfo=UTC))

    assert database.make(date(2031, 5, 5)).created == 0
    assert database.make().created == 1
