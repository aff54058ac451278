"""A person's CSV: each sound row is a graphic, each slip is named by line and column, and the rest goes on."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.person_csv import Asked, Asking, read_person_csv
from pokervod_pipelines.render.templates import load_templates
from pokervod_pipelines.settings.render import RenderSettings

TODAY = date(2031, 5, 4)
ASKING = Asking(templates=load_templates(), render=RenderSettings(), by="eva", today=TODAY)
HEAD = "template,priority,format,seconds,duration,day,id,player,place,prize,cards,pot,rank,heading,rows"
GOOD = 'elimination,1,mp4,7.5,,2031-05-05,a,Ana Ruiz,9th,"$1,250",,,,,'


def read(*lines: str, head: str = HEAD) -> Asked:
    return read_person_csv("\n".join([head, *lines]).encode(), file="f.csv", asking=ASKING)


def test_a_sound_row_becomes_a_draft() -> None:
    asked = read(GOOD)

    draft = asked.drafts[2]
    assert not asked.problems
    assert (draft.template, draft.priority, draft.day, draft.by) == ("elimination", 1, date(2031, 5, 5), "eva")
    assert draft.layers == {"player": "Ana Ruiz", "place": "9th", "prize": 1250}
    assert (draft.output["format"], draft.output["seconds"], draft.output["fps"]) == ("mp4", 7.5, 30)
    assert draft.reason == "asked for in f.csv line 2"


def test_what_is_not_said_is_as_the_template_has_it() -> None:
    draft = read("elimination,,,,,,,Ana,,,,,,,").drafts[2]

    assert (draft.priority, draft.day, draft.output["format"], draft.output["seconds"]) == (5, TODAY, "mov_alpha", 6)


BAD_ROWS = [
    (",,,,,,,Ana", "template", "it is empty; write one of"),
    ("banner,,,,,,,Ana", "template", "there is no template 'banner'"),
    ("elimination", "player", "needs this layer: Who goes out"),
    ("elimination,0,,,,,,Ana", "priority", "write 1"),
    ("elimination,11,,,,,,Ana", "priority", "write 1"),
    ("elimination,high,,,,,,Ana", "priority", "write 1"),
    ("elimination,,gif,,,,,Ana", "format", "only mov_alpha"),
    ("elimination,,,soon,,,,Ana", "seconds", "no length"),
    ("elimination,,,0,,,,Ana", "seconds", "no length"),
    ("elimination,,,nan,,,,Ana", "seconds", "no length"),
    ("elimination,,,,-4,,,Ana", "duration", "no length"),
    ("elimination,,,5,5,,,Ana", "duration", "mean the same"),
    ("elimination,,,,,tomorrow,,Ana", "day", "no day"),
    ("elimination,,,,,,,Ana,,much", "prize", "no number"),
    ("elimination,,,,,,,Ana,,,As", "cards", "no such layer; its layers are player"),
    ("elimination,,,,,,,An extraordinarily long name of a player", "player", "at most 32"),
    ("premium_hand,,,,,,,Ana,,,As Kx,5,Pair", "cards", "no card"),
    ("premium_hand,,,,,,,Ana,,,As As,5,Pair", "cards", "twice"),
    ("payouts,,,,,,,,,,,,,WSOP,1st | lots", "rows", "row 1: 'lots' is no number"),
    ("payouts,,,,,,,,,,,,,WSOP,1st", "rows", "row 1: amount is missing"),
    ("elimination,,,,,,,Ana,,,,,,,,extra", "number 16", "no such layer"),
]


@pytest.mark.parametrize(("row", "column", "says"), BAD_ROWS)
def test_a_bad_row_is_named_by_line_and_column_and_the_rest_goes_on(row: str, column: str, says: str) -> None:
    asked = read(GOOD, row, GOOD.replace("Ana", "Eva"))

    (problem,) = asked.problems
    assert (problem.line, problem.column) == (3, column)
    assert says in problem.message
    assert [draft.layers["player"] for draft in asked.drafts.values()] == ["Ana Ruiz", "Eva Ruiz"]


BAD_FILES = [
    (b"", "it is empty"),
    (b"\n\n", "it is empty"),
    (b"title,player\nx,Ana\n", "no column 'template'"),
    (b"template,player,Player \nelimination,Ana,Eva\n", "column 'player' stands there twice"),
    ("template,player\nelimination,\uae40".encode("cp949"), "f.csv line 2: it is not UTF-8"),
    (b'template,player\nelimination,"Ana\n', "f.csv line 2: unexpected end of data"),
    (b'template,player\nelimination,"Ana"x\n', "f.csv line 2: "),
]


@pytest.mark.parametrize(("raw", "says"), BAD_FILES)
def test_a_file_that_is_no_table_is_refused_whole(raw: bytes, says: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_person_csv(raw, file="f.csv", asking=ASKING)

    assert says in str(refusal.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_separators_a_byte_order_mark_and_odd_headers_make_no_difference(delimiter: str) -> None:
    raw = delimiter.join(["Template", " PLAYER "]) + "\r\n\r\n" + delimiter.join(["elimination", "Ana"]) + "\r\n"

    asked = read_person_csv(b"\xef\xbb\xbf" + raw.encode(), file="f.csv", asking=ASKING)

    assert asked.drafts[3].layers == {"player": "Ana"}


def test_lines_are_counted_through_cells_of_several_lines() -> None:
    asked = read('payouts,,,,,,,,,,,,,WSOP,"1st | 5\n2nd | 3"', "banner")

    assert asked.drafts[2].layers["rows"] == [{"place": "1st", "amount": 5}, {"place": "2nd", "amount": 3}]
    assert asked.problems[0].line == 4


def test_the_key_is_what_the_row_says_in_any_order_of_columns() -> None:
    one = read("elimination,Ana,9th", head="template,player,place").drafts[2]
    other = read("9th, Ana ,elimination,", head="place,player,template,id").drafts[2]
    third = read("9th,Ana,elimination,2", head="place,player,template,id").drafts[2]

    assert one.trigger_key == other.trigger_key != third.trigger_key


def test_a_row_that_stands_there_twice_is_made_once_unless_an_id_tells_the_two_apart() -> None:
    asked = read(GOOD, GOOD, GOOD.replace(",a,", ",b,"))

    assert [*asked.drafts] == [2, 4]
    assert (asked.problems[0].line, asked.problems[0].column) == (3, "id")


@given(raw=st.binary(max_size=120) | st.text(max_size=120).map(lambda text: f"template,player\n{text}".encode()))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        asked = read_person_csv(raw, file="f.csv", asking=ASKING)
    except BadInput:
        return
    assert all(draft.layers for draft in asked.drafts.values())
