"""Test that exports in any order and number end in the same database, and damage is never half imported."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.tournaments.imports import ImportStatus
from pokervod_pipelines.tournaments.kinds import ExportKind
from pokervod_pipelines_tests.sizes import choose
from pokervod_pipelines_tests.tournaments.exports import GOOD, HEADERS, Office, Row, make_export, out, player

ROUNDS = choose(200, long=2_000)
NAMES = ("Ana", "Bo", "Cy")
MONOTONE = st.lists(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2), min_size=1), min_size=1, max_size=4)
STATES = st.sampled_from(["upcoming", "running", "done"])
PRESENT = """
    select player_key, player_name, chips, is_eliminated, eliminated_at, was_seen_playing, first_seen_at, last_seen_at
    from tournament_players order by 1
"""


def to_rows(chips: dict[str, int]) -> list[Row]:
    return [player(name, count) if count else out(name) for name, count in chips.items()]


def take_in(office: Office, paths: list[Path], order: list[int]) -> None:
    for index in order:
        office.take(paths[index])


@settings(max_examples=20)
@given(exports=MONOTONE, data=st.data())
def test_players_end_the_same_in_every_order_of_their_exports(
    office: Office, exports: list[dict[str, int]], data: st.DataObject
) -> None:
    paths = [
        office.write("player_chips", *to_rows(chips), minute=10 * number, name=f"{number}.csv")
        for number, chips in enumerate(exports)
    ]
    order = data.draw(st.permutations(range(len(paths))))
    office.clear()
    take_in(office, paths, list(range(len(paths))))
    history, present = office.state(["chip_counts"]), office.query(PRESENT)

    office.clear()
    take_in(office, paths, order)
    events = office.count_events()
    take_in(office, paths, order)

    assert office.state(["chip_counts"]) == history
    assert office.query(PRESENT) == present
    assert office.count_events() == events
    told = [event["player_key"] for event in office.events("tournament.player.eliminated")]
    assert {row.player_key for row in present if row.is_eliminated} <= set(told)


@settings(max_examples=12)
@given(levels=st.lists(st.tuples(st.integers(1, 4), STATES), min_size=1, max_size=4), data=st.data())
def test_tournaments_end_the_same_in_every_order_of_their_exports(
    office: Office, levels: list[tuple[int, str]], data: st.DataObject
) -> None:
    paths = [
        office.write("tournament_data", {"current_level": level, "status": state}, minute=number, name=f"{number}.csv")
        for number, (level, state) in enumerate(levels)
    ]
    order = data.draw(st.permutations(range(len(paths))))
    office.clear()
    take_in(office, paths, list(range(len(paths))))
    state = office.state(["tournaments", "tournament_progress"])

    office.clear()
    take_in(office, paths, order)
    events = office.count_events()
    take_in(office, paths, order)

    assert office.state(["tournaments", "tournament_progress"]) == state
    assert office.count_events() == events


@settings(max_examples=12)
@given(exports=st.lists(st.dictionaries(st.integers(1, 4), st.integers(1, 3), min_size=1), max_size=4), data=st.data())
def test_structures_end_the_same_in_every_order_of_their_exports(
    office: Office, exports: list[dict[int, int]], data: st.DataObject
) -> None:
    paths = [
        office.write(
            "payout_structure",
            *({"place_start": place, "place_end": place, "amount": amount} for place, amount in places.items()),
            minute=number,
            name=f"{number}.csv",
        )
        for number, places in enumerate(exports)
    ]
    order = data.draw(st.permutations(range(len(paths))))
    office.clear()
    take_in(office, paths, list(range(len(paths))))
    state = office.state(["payouts"])

    office.clear()
    take_in(office, paths, order)

    assert office.state(["payouts"]) == state


def cut(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(len(content))]


def flip(content: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(content))
    return content[:place] + bytes([dice.randrange(256)]) + content[place + 1 :]


def swap_cells(content: bytes, dice: random.Random) -> bytes:
    lines = [line.split(b",") for line in content.split(b"\n")]
    cells = dice.choice(lines)
    one, other = dice.randrange(len(cells)), dice.randrange(len(cells))
    cells[one], cells[other] = cells[other], cells[one]
    return b"\n".join(b",".join(line) for line in lines)


def inflate(content: bytes, dice: random.Random) -> bytes:
    return content.replace(str(dice.randrange(1, 10)).encode(), b"9" * dice.choice([5, 20, 400, 5000]))


def recode(content: bytes, dice: random.Random) -> bytes:
    return (content.decode("utf-8", "replace") + "한글,é\n").encode(
        dice.choice(["cp949", "utf-16", "utf-8-sig"]), "replace"
    )


def insert(content: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(content))
    return content[:place] + dice.choice([b'"', b"\0", b"\n", b",", b";", b"\xff", b"-1", b"\r"]) + content[place:]


def drop_lines(content: bytes, dice: random.Random) -> bytes:
    return b"\n".join(line for line in content.split(b"\n") if dice.random() < 0.6)


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [cut, flip, swap_cells, inflate, recode, insert, drop_lines]
MANY: dict[str, list[dict[str, Any]]] = {
    "tournament_data": [{"tournament_number": number} for number in range(1, 5)],
    "player_chips": [{"player_name": f"Player {number}"} for number in range(1, 9)],
    "blind_structure": [{"level": number} for number in range(1, 9)],
    "payout_structure": [{"place_start": number, "place_end": number} for number in range(1, 9)],
    "broadcast_schedule": [{"date": f"2025-07-{day}"} for day in range(10, 16)],
}
SOUND = """
    select (select count(*) from tournament_players) = (
               select count(distinct (tournament_number, player_key)) from chip_counts),
           not exists (
               select from tournament_players p join lateral (
                   select * from chip_counts c
                   where (c.tournament_number, c.player_key) = (p.tournament_number, p.player_key)
                   order by first_seen_at desc limit 1) c on true
               where (p.chips, p.is_eliminated, p.last_seen_at) <> (c.chips, c.is_eliminated, c.last_seen_at))
"""


def test_damaged_exports_are_imported_whole_or_not_at_all_with_a_reason(office: Office) -> None:
    dice = random.Random(20250715)  # the same damage every time
    for kind in ExportKind:
        office.take_rows(kind, *MANY[kind])
    before, refused = office.state(), 0
    for number in range(ROUNDS):
        kind = dice.choice(list(ExportKind))
        content = make_export(kind, MANY[kind]).encode()
        for _ in range(dice.randint(1, 3)):
            content = dice.choice(MUTATIONS)(content or b"\n", dice)
        path = office.write_text(content, name=f"{kind}.csv", minute=number + 1)

        (file,) = office.take_all(path).files
        after = office.state()

        refused += file.error is not None
        assert file.error is None or (str(path) in str(file.error) and after == before)
        assert all(str(path) in problem or "Treated as an older export" in problem for problem in file.problems)
        assert kind is not ExportKind.PLAYER_CHIPS or tuple(office.query(SOUND)[0]) == (True, True)
        before = after
    assert 0 < refused < ROUNDS


def test_importers_at_the_same_time_import_each_file_once(office: Office) -> None:
    paths = [office.write("player_chips", player("Ana", n), player("Bo"), minute=n, name=f"{n}.csv") for n in range(4)]
    office.write("player_chips", out("Ana"), out("Bo"), minute=9, name="9.csv")
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: office.take_all(), range(3)))

    assert all(report.count(ImportStatus.REFUSED) == 0 for report in reports)
    assert len(office.events("tournament.player.eliminated")) == 2
    assert len(office.query("select 1 from chip_counts where player_key = 'ana'")) == len(paths) + 1


@pytest.mark.parametrize("table", ["chip_counts", "tournament_players", "tournament_files", "events"])
def test_an_import_that_fails_at_any_table_leaves_nothing_of_the_file(office: Office, table: str) -> None:
    office.take_rows("player_chips", player("Ana"))
    state, events, files = office.state(), office.count_events(), office.state(["tournament_files"])
    path = office.write("player_chips", out("Ana"), player("Bo"), minute=10)
    with office.failing_at(table), pytest.raises(Exception, match="the disk is full"):
        office.take(path)
    after = office.state(), office.count_events(), office.state(["tournament_files"])

    office.take(path)

    assert after == (state, events, files)
    assert office.chips() == {"Ana": 0, "Bo": 1000}
    assert len(office.events("tournament.player.eliminated")) == 1


def test_every_header_of_the_real_system_is_known(shared_data: Path) -> None:
    import json

    headers = json.loads((shared_data / "sheets" / "sheet_headers.json").read_text(encoding="utf-8"))

    assert {kind: tuple(headers[f"{kind}.csv"]) for kind in ExportKind} == {kind: HEADERS[kind] for kind in GOOD}
