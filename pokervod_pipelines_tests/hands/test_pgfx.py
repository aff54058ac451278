"""Read session files with all their traps; a broken part is named and does not affect the others."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pokervod_pipelines.hands.fields import MAX_TEXT
from pokervod_pipelines.hands.pgfx import name_table, read_session
from pokervod_pipelines.hands.session_json import NotASession, UnfinishedFile
from pokervod_pipelines.hands.times import BadTime, parse_duration, parse_time
from pokervod_pipelines_tests.hands.hand_factory import read_one
from pokervod_pipelines_tests.hands.sessions import (
    SESSION_ID,
    make_events,
    make_hand,
    make_player,
    make_showdown,
    make_walk,
    write_session,
)

FILE = "drop/table-7/1016/New/export.json"


def test_a_session_is_read_whole() -> None:
    session = read_session(write_session(make_showdown(), make_walk(at=3)), file=FILE)

    assert (session.session_id, session.table, session.table_type) == (SESSION_ID, "table-7", "FEATURE_TABLE")
    assert session.created_at == datetime(2031, 5, 4, 17, 30, 0, 339787, tzinfo=UTC)
    assert [hand.hand_number for hand in session.hands] == [1, 1]
    assert session.problems == ()


def test_a_hand_is_read_with_its_traps() -> None:
    hand = read_one(make_showdown())

    assert hand.started_at == datetime(2031, 5, 4, 18, 0, 0, 900590, tzinfo=UTC)
    assert hand.duration_seconds == 125.2477537
    assert hand.seats[2].hole_cards == ("Ks", "Th")
    assert [action.card for action in hand.actions if action.card] == ["Ad", "Ac", "Kh", "Kd", "5s"]
    assert hand.actions[0].amount == 600


def test_the_session_id_keeps_its_last_digit() -> None:
    assert read_session(write_session(ID=2**63 - 1), file=FILE).session_id == 2**63 - 1
    assert read_session(write_session(ID=str(SESSION_ID)), file=FILE).session_id == SESSION_ID


@pytest.mark.parametrize("kind", ["ALL IN", "ALL_IN", "all in", " All  In "])
def test_event_types_are_read_with_their_spaces(kind: str) -> None:
    hand = make_walk()
    hand["Events"][0]["EventType"] = kind

    assert read_one(hand).actions[0].kind == "ALL IN"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_unicode_encoding_is_read(encoding: str) -> None:
    players = [make_player(1, Name="Müller 김"), make_player(2), make_player(3)]
    raw = write_session(make_hand(players, "1 fold")).decode().encode(encoding)

    assert read_session(raw, file=FILE).hands[0].seats[0].name == "Müller 김"


def test_half_characters_and_nul_are_taken_out_of_names() -> None:
    raw = write_session(make_walk()).replace(b'"Name":"Abel"', rb'"Name":"A\ud800b\u0000el"')

    name = read_session(raw, file=FILE).hands[0].seats[0].name
    assert name == "Abel"
    assert len(read_one(make_hand([make_player(1, Name="x" * 9_999)], "")).seats[0].name) == MAX_TEXT


@pytest.mark.parametrize("end", [1, 5, 60, 200, 0.3, 0.5, 0.9, -1])
def test_a_file_that_ends_in_the_middle_is_unfinished(end: float) -> None:
    whole = write_session(make_showdown(), make_walk(at=3))
    cut = whole[: int(len(whole) * end) if isinstance(end, float) else end]

    with pytest.raises(UnfinishedFile, match=r"export\.json: the file ends"):
        read_session(cut, file=FILE)


def test_a_file_cut_at_any_byte_is_unfinished() -> None:
    players = [make_player(1, Name="é김"), make_player(2), make_player(3)]
    whole = write_session(make_hand(players, "1 fold"), EventTitle='a \\ "quoted" \n line')

    for end in range(len(whole)):
        with pytest.raises(UnfinishedFile):
            read_session(whole[:end], file=FILE)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\nGAME,PokerGFX 3.2,FEATURE_TABLE,\n", "not JSON at line 2"),  # the text export beside it
        (b"[]", "the record: expected an object, got a list"),
        (b"{}", "ID: expected text, got nothing"),
        (b'{"ID":1}', "Hands: expected a list, got nothing"),
        (b'{"ID":1.5,"Hands":[]}', "ID: expected text, got the number 1.5"),
        (b'{"ID":-4,"Hands":[]}', "ID"),
        (b'{"ID":1,"Hands":{}}', "Hands: expected a list, got an object"),
        (b'{"ID":1,"Hands":[],"CreatedDateTimeUTC":"soon"}', "'soon' is not a time"),
        (b'{"ID":1,"Hands":[]} trailing', "Extra data"),
        (b"{'ID':1}", "not JSON"),
        ('{"ID":1,"EventTitle":"Café"}'.encode("latin-1"), "is not utf-8"),
        (b'{"ID":' + b"9" * 5_000 + b"}", "not a session"),
        (b'{"ID":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not a session"),
        (b"\x89PNG\r\n\x1a\n", "not utf-8"),
    ],
)
def test_a_file_that_is_not_a_session_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(NotASession) as refusal:
        read_session(raw, file=FILE)

    assert reason in str(refusal.value)
    assert FILE in str(refusal.value)


@pytest.mark.parametrize("raw", [b"", b" \r\n", b"\x00" * 512, b'{"ID":1,' + b"\x00" * 100])
def test_an_empty_file_is_one_that_will_be_written(raw: bytes) -> None:
    with pytest.raises(UnfinishedFile):
        read_session(raw, file=FILE)


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("start", {"StartDateTimeUTC": None}, "StartDateTimeUTC: expected text, got nothing"),
    ("day", {"StartDateTimeUTC": "2031-02-30T00:00:00Z"}, "not a valid time"),
    ("number", {"HandNum": "seven"}, "HandNum: expected a whole number from 0, got the text 'seven'"),
    ("players", {"Players": None}, "Players: expected a list, got nothing"),
    ("player", {"Players": ["Abel"]}, "Players[0]: expected an object, got the text 'Abel'"),
    ("seat", {"Players": [make_player(1), make_player(1)]}, "2 players sit on 1 seats"),
    ("stack", {"Players": [make_player(1, StartStackAmt=-5)]}, "Players[0].StartStackAmt"),
    ("chips", {"Players": [make_player(1, EndStackAmt=10**30)]}, "Players[0].EndStackAmt"),
    ("flag", {"Players": [make_player(1, SittingOut="no")]}, "Players[0].SittingOut: expected true or false"),
    ("ante", {"AnteAmt": True}, "AnteAmt: expected a whole number from 0, got true"),
    ("events", {"Events": {"0": 1}}, "Events: expected a list, got an object"),
    ("crowd", {"Events": make_events("1 fold") * 3_000}, "3,000 events"),
    ("blinds", {"FlopDrawBlinds": []}, "FlopDrawBlinds: expected an object, got a list"),
]


@pytest.mark.parametrize(("fields", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_hand_is_named_and_the_others_are_read(fields: dict[str, Any], reason: str) -> None:
    session = read_session(write_session(make_walk(), make_walk(at=3, number=8) | fields, make_walk(at=6)), file=FILE)

    (problem,) = session.problems
    assert len(session.hands) == 2
    assert reason in str(problem)
    assert str(problem).startswith(f"{FILE}: hand 2 (")


def test_a_broken_event_names_its_street() -> None:
    hand = make_showdown(number=4)
    hand["Events"][9]["BetAmt"] = "all"

    (problem,) = read_session(write_session(hand), file=FILE).problems

    assert problem.where == f"{FILE}: hand 1 (hand number 4, turn), Events[9].BetAmt"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Duration": "2 minutes"}, "Duration: '2 minutes' is not a duration"),
        ({"Players": [make_player(1, cards="as xx")]}, "Players[0].HoleCards: 'xx' is not a card"),
        ({"Events": make_events("board 1z")}, "Events[0].BoardCards: '1z' is not a card"),
    ],
)
def test_what_can_be_done_without_is_kept_as_unread(fields: dict[str, Any], expected: str) -> None:
    hand = read_one(make_walk() | fields)

    assert hand.unread[0].startswith(expected)


def test_a_table_is_named_by_its_folder() -> None:
    assert name_table("Z:\\drop\\Table-pokercaster\\1019\\s.json") == "Table-pokercaster"
    assert name_table("drop/1019/s.json") == ""
    assert read_session(write_session(), file=FILE, table="main").table == "main"


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT35M37.2477537S", 2137.2477537), ("P1DT1H", 90_000), ("PT0S", 0), ("PT59.9S", 59.9)]
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "P", "PT", "35:37", "-PT5S", "PTS", "P1Y"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(BadTime, match="expected for example"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["2031-05-04T20:00:00.9005907+02:00", "2031-05-04 18:00:00.900590", "2031-05-04T18:00:00.9005909Z"]
)
def test_times_are_utc_and_cut_to_the_microsecond(text: str) -> None:
    assert parse_time(text) == datetime(2031, 5, 4, 18, 0, 0, 900590, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "2031-13-01T00:00:00Z", "now", "2031-05-04T18:00:00+99:99"]
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(BadTime):
        parse_time(text)


def test_percentages_are_not_read() -> None:
    assert read_one(make_hand([make_player(1, VPIPPercent="lots", PreFlopRaisePercent=10**40)], "")).seats
    assert json.loads(write_session())["Hands"] == []
