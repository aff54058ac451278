"""Read a person's CSV: each valid row is a graphic, each mistake is named by line and column."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.person_csv import RequestDefaults, Requests, read_person_csv
from pokervod_pipelines.render.templates import load_templates
from pokervod_pipelines.settings.render import RenderSettings

TODAY = date(2031, 5, 4)
DEFAULTS = RequestDefaults(templates=load_templates(), render=RenderSettings(), by="eva", today=TODAY)
HEAD = "template,priority,format,seconds,duration,day,id,player,place,prize,cards,pot,rank,heading,rows"
GOOD = 'elimination,1,mp4,7.5,,2031-05-05,a,Ana Ruiz,9th,"$1,250",,,,,'


def read(*lines: str, head: str = HEAD) -> Requests:
    return read_person_csv("\n".join([head, *lines]).encode(), file="f.csv", defaults=DEFAULTS)


def test_a_valid_row_becomes_a_draft() -> None:
    requests = read(GOOD)

    draft = requests.drafts[2]
    assert not requests.problems
    assert (draft.template, draft.priority, draft.day, draft.by) == ("elimination", 1, date(2031, 5, 5), "eva")
    assert draft.layers == {"player": "Ana Ruiz", "place": "9th", "prize": "$1,250"}
    assert (draft.output["format"], draft.output["seconds"], draft.output["fps"]) == ("mp4", 7.5, 30)
    assert draft.reason == "requested in f.csv line 2"


def test_blank_cells_are_as_in_the_template() -> None:
    draft = read("elimination,,,,,,,Ana,,,,,,,").drafts[2]

    assert (draft.priority, draft.day, draft.output["format"], draft.output["seconds"]) == (5, TODAY, "mov_alpha", 6)


BAD_ROWS = [
    (",,,,,,,Ana", "template", "the cell is empty; write one of"),
    ("banner,,,,,,,Ana", "template", "unknown template 'banner'"),
    ("elimination", "player", "needs the layer `player` (who goes out)"),
    ("elimination,0,,,,,,Ana", "priority", "expected a priority from 1"),
    ("elimination,11,,,,,,Ana", "priority", "expected a priority from 1"),
    ("elimination,high,,,,,,Ana", "priority", "expected a priority from 1"),
    ("elimination,,gif,,,,,Ana", "format", "known: mov_alpha"),
    ("elimination,,,soon,,,,Ana", "seconds", "expected seconds such as 8"),
    ("elimination,,,0,,,,Ana", "seconds", "expected seconds such as 8"),
    ("elimination,,,nan,,,,Ana", "seconds", "expected seconds such as 8"),
    ("elimination,,,,-4,,,Ana", "duration", "expected seconds such as 8"),
    ("elimination,,,5,5,,,Ana", "duration", "mean the same"),
    ("elimination,,,,,tomorrow,,Ana", "day", "expected a day such as 2031-05-04"),
    ("elimination,,,,,,,Ana,,much", "prize", "expected a number"),
    ("elimination,,,,,,,Ana,,,As", "cards", "unknown layer 'cards' of elimination; known: player"),
    ("elimination,,,,,,,An extraordinarily long name of a player", "player", "at most 32"),
    ("premium_hand,,,,,,,Ana,,,As Kx,5,Pair", "cards", "expected a card"),
    ("premium_hand,,,,,,,Ana,,,As As,5,Pair", "cards", "duplicate cards"),
    ("payouts,,,,,,,,,,,,,WSOP,1st | lots", "rows", "row 1: expected a number such as 1,250,000 or 1.25M, got 'lots'"),
    ("payouts,,,,,,,,,,,,,WSOP,1st", "rows", "row 1: amount is missing"),
    ("elimination,,,,,,,Ana,,,,,,,,extra", "number 16", "unknown layer"),
]


@pytest.mark.parametrize(("row", "column", "says"), BAD_ROWS)
def test_a_bad_row_is_named_by_line_and_column_and_the_others_are_read(row: str, column: str, says: str) -> None:
    requests = read(GOOD, row, GOOD.replace("Ana", "Eva"))

    (problem,) = requests.problems
    assert (problem.line, problem.column) == (3, column)
    assert says in problem.message
    assert [draft.layers["player"] for draft in requests.drafts.values()] == ["Ana Ruiz", "Eva Ruiz"]


BAD_FILES = [
    (b"", "the file is empty"),
    (b"\n\n", "the file is empty"),
    (b"title,player\nx,Ana\n", "the column 'template' is missing"),
    (b"template,player,Player \nelimination,Ana,Eva\n", "column 'player' appears twice"),
    (
        "template,player\nelimination,\uae40\uac00\n".encode() + "elimination,\uae40".encode("cp949"),
        "line 3 is not UTF-8, other lines are. Export the whole file as CSV UTF-8.",
    ),
    (b'template,player\nelimination,"Ana\n', "f.csv line 2: a quote opens and is not closed; correct"),
    (
        b'template,player,place\nelimination,"Ana,9th\nelimination,Bo,8th\nelimination,5",7th\n',
        "f.csv line 2: a quote opens and is not closed; correct",
    ),
    (b'template,player\nelimination,"Ana"x\n', "f.csv line 2: "),
]


@pytest.mark.parametrize(("raw", "says"), BAD_FILES)
def test_a_file_that_is_not_a_table_is_refused_whole(raw: bytes, says: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_person_csv(raw, file="f.csv", defaults=DEFAULTS)

    assert says in str(refusal.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_separators_a_byte_order_mark_and_odd_headers_make_no_difference(delimiter: str) -> None:
    raw = delimiter.join(["Template", " PLAYER "]) + "\r\n\r\n" + delimiter.join(["elimination", "Ana"]) + "\r\n"

    requests = read_person_csv(b"\xef\xbb\xbf" + raw.encode(), file="f.csv", defaults=DEFAULTS)

    assert requests.drafts[3].layers == {"player": "Ana"}


def test_a_file_of_korean_windows_is_read() -> None:
    raw = "template,player\r\nelimination,\uae40\ubbfc\uc900\r\n".encode("cp949")

    assert read_person_csv(raw, file="f.csv", defaults=DEFAULTS).drafts[2].layers == {"player": "\uae40\ubbfc\uc900"}


def test_the_header_alone_tells_the_delimiter() -> None:
    requests = read(*["payouts,WSOP,1st | 5;2nd | 3;3rd | 2"] * 2, head="template,heading,rows")

    assert len(requests.drafts[2].layers["rows"]) == 3


def test_lines_are_counted_through_cells_of_several_lines() -> None:
    requests = read('payouts,,,,,,,,,,,,,WSOP,"1st | 5\n2nd | 3"', "banner")

    assert requests.drafts[2].layers["rows"] == [{"place": "1st", "amount": 5}, {"place": "2nd", "amount": 3}]
    assert requests.problems[0].line == 4


def test_the_key_is_of_the_cells_in_any_order_of_columns() -> None:
    one = read("elimination,Ana,9th", head="template,player,place").drafts[2]
    other = read("9th, Ana ,elimination,", head="place,player,template,id").drafts[2]
    third = read("9th,Ana,elimination,2", head="place,player,template,id").drafts[2]

    assert one.trigger_key == other.trigger_key != third.trigger_key


def test_a_row_that_appears_twice_is_read_once_unless_an_id_tells_the_two_apart() -> None:
    requests = read(GOOD, GOOD, GOOD.replace(",a,", ",b,"))

    assert [*requests.drafts] == [2, 4]
    assert (requests.problems[0].line, requests.problems[0].column) == (3, "id")


@given(raw=st.binary(max_size=120) | st.text(max_size=120).map(lambda text: f"template,player\n{text}".encode()))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        requests = read_person_csv(raw, file="f.csv", defaults=DEFAULTS)
    except BadInput:
        return
    assert all(draft.layers for draft in requests.drafts.values())
