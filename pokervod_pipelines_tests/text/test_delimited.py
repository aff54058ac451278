"""Test that cells of several lines keep every row, and that a quote that stays open hides none."""

from pathlib import Path

import pytest

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.delimited import OPEN_QUOTE, parse_delimited, read_records

CHIPS = "No,Chips,Note\n1,x,y\n"
FIVE = "No,File,In,Players,Note\n1,a1.mp4,0:01:00,Ana,good\n2,a2.mp4,0:02:00,Bo,bad\n"
PLAN = "date,time,title\n2025-06-07,19:00,Final\n"

WELL_FORMED = [
    (CHIPS + '2,"Ivey 10,250,000\nHellmuth 12,500,000\nNegreanu 1,000,000",z\n', 3),
    (CHIPS + '2,"10,250,000\n12,500,000",z\n3,x,y\n', 4),
    (CHIPS + '2,x,"Ah,Kd\nQs,Jd,Tc"\n', 3),
    (CHIPS + '2,x,"Ah\nQs,Jd,Tc"\n3,x,y\n', 4),
    (CHIPS + '2,x,"2s\n3s,Jd,Tc"\n3,x,y\n', 4),
    (CHIPS + '"2,5\nAh,Kd",x,y\n', 3),
    (CHIPS + '2,"Ivey, Hellmuth, Ana\nBo, Cy, Di",z\n', 3),
    (CHIPS.replace(",", ";") + '2;"Ivey 10,250\nBo; Cy; Di";z\n', 3),
    (PLAN + '2025-06-08,19:00,"Main Event\n$1,000,000\nDay 1"\n', 3),
    (PLAN + '2025-06-08,19:00,"Main Event\n$1,000,000"\n', 3),
    (PLAN + '2025-06-08,19:00,"Main Event\nHoldem,Omaha,Stud"\n', 3),
    (FIVE + '3,a3.mp4,0:03:00,"Ana\nBo","one,two,three,four,five\nsix"\n', 4),
    (FIVE + '"he said "hi" x",a3.mp4,"line1\nline2",z,\n', 4),
    (FIVE + '3,a3.mp4,0:03:00,"say ""a,b,c,d""\nAna,Bo,Cy,Di,Ed",x\n', 4),
    ('"No\n(a)","File\n(b,c)","In\n(d)"\n"1\n","a\nb,c,d","e"\n', 2),
    ('a,b\n1,"x,y\nz,w"\n', 2),
]


@pytest.mark.parametrize(("text", "rows"), WELL_FORMED)
def test_cells_of_several_lines_keep_every_row(text: str, rows: int) -> None:
    assert len(parse_delimited(text.encode(), file=Path("hands.csv"))) == rows


FAULTY = [
    (CHIPS + '2,x,"\n3,x,"\n4,x,y\n', "line 3, cell 3: .* up to line 4"),
    ('No,x,y\n1,x,"\n2,x,"\n', "line 2, cell 3: .* up to line 3"),
    (CHIPS + '2,"Ana,y\n3,x,y\n4,5",y\n', "line 3, cell 2: .* up to line 5"),
    (CHIPS + '2,"Ana,y\n3,x,y\n4,Bo,y\n', "line 3, cell 2: .* up to line 5"),
    (CHIPS + '2,x,"y\n', "line 3, cell 3: a quote opens and is not closed. Correct"),
    (CHIPS + '2,"Ana,y\n3,"Bo",y\n', "line 3, cell 2: .* up to line 4"),
    (CHIPS + '"2,x,y\n3,x,y\n4,x,5",y\n', "line 3, cell 1: .* up to line 5"),
    ('No,"Chips,Note\n1,x,y\n2,5",y\n3,x,y\n', "line 1, cell 2: .* up to line 3"),
    (CHIPS.replace(",", ";") + '2;"Ana;y\n3;x;y\n4;5";y\n', "line 3, cell 2: .* up to line 5"),
    (FIVE + '3,a,b,c,"d\n4,a,b\n5,a,b,5",d\n', "line 4, cell 5: .* up to line 6"),
    (FIVE + '3,a,"b,c,d\n4,a,b,c,d\n5,a,",c,d\n', "line 4, cell 3: .* up to line 6"),
    (FIVE.replace("a1", "1,000") + '3,a,b,c,"d\n4,a,b,c,d\n5,a,b,c,"\n', "line 4, cell 5: .* up to line 6"),
    (PLAN + '2025-06-08,19:00,"Day 1\n2025-06-09,19:00,Day 2\n2025-06-10,19:00,"\n', "line 3, cell 3"),
    (PLAN + '2025-06-08,"19:00,x\n2025-06-09,20:00",y\n', "line 3, cell 2: .* up to line 4"),
    (CHIPS + '2,x,"' + "3,x,y\n" * 30_000, "line 3, cell .* would become one cell"),
    (CHIPS + '2,x,"' + "y" * 140_000 + "\n3,x,y\n", "line 3 cannot be read as cells .field larger"),
]


@pytest.mark.parametrize(("text", "place"), FAULTY)
def test_an_open_quote_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(BadInput, match=rf"hands\.csv: {place}"):
        parse_delimited(text.encode(), file=Path("hands.csv"))


def test_records_go_on_below_a_quote_that_is_never_closed_and_behind_one_that_contains_others() -> None:
    open_quote = [(record.line, record.error) for record in read_records(CHIPS + '2,"x,y\n3,x,y\n', ",")]
    closed_late = [(record.line, record.error) for record in read_records(CHIPS + '2,x,"\n3,x,"\n4,x,y\n', ",")]

    assert open_quote == [(1, ""), (2, ""), (3, OPEN_QUOTE), (4, "")]
    assert closed_late == [(1, ""), (2, ""), (3, OPEN_QUOTE), (5, "")]
