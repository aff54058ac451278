"""Check that workbooks of every writer are read alike: prefixes, folders, dialects, and what they leave out."""

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets import xlsx
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines.sheets.xlsx import parse_xlsx

FILE = Path("made.xlsx")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
}


def make_parts(rows: str, *, styles: tuple[str, ...] = (), workbook: str = "", sheet: str = "") -> dict[str, bytes]:
    """Return the parts of a workbook with these rows, as Excel writes them; cell style 1 has the first format."""
    book = openpyxl.Workbook()
    for place, code in enumerate(styles, start=1):
        book.worksheets[0].cell(1, place).number_format = code
    saved = io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    data = f"<sheetData>{rows}</sheetData>{sheet}".encode()
    name = "xl/worksheets/sheet1.xml"
    parts[name] = re.sub(rb"<sheetData.*(?:</sheetData>|/>(?=<pageM))", lambda _: data, parts[name])
    if workbook:
        parts["xl/workbook.xml"] = re.sub(rb"<calcPr[^>]*>", workbook.encode(), parts["xl/workbook.xml"])
    return parts


def pack(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def read(parts: dict[str, bytes]) -> Tab:
    (tab,) = parse_xlsx(pack(parts), file=FILE)
    return tab


def prefix(content: bytes) -> bytes:
    """Return the part with every element in a prefixed namespace."""
    content = content.replace(f'xmlns="{MAIN}"'.encode(), f'xmlns:x="{MAIN}"'.encode())
    return re.sub(rb"<(/?)(?![?!/])", rb"<\1x:", content)


ROWS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>File No.</t></is></c><c r="B1" s="1"><v>0.0902777777777777</v></c></row>'
    '<row r="2"><c r="A2"><f>A1+1</f><v/></c><c r="B2" s="1"><v>1.09027777777777778</v></c></row>'
)


def rewrite(parts: dict[str, bytes], how: str) -> dict[str, bytes]:
    """Return the workbook as another program writes it."""
    if how == "prefixed":
        names = ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml")
        return parts | {name: prefix(parts[name]) for name in names}
    if how == "strict":
        for old, new in STRICT.items():
            parts = {name: content.replace(old, new) for name, content in parts.items()}
        return parts
    if how == "utf-16":
        name = "xl/worksheets/sheet1.xml"
        return parts | {name: b"\xff\xfe" + parts[name].decode().encode("utf-16-le")}
    if how == "without references":
        name = "xl/worksheets/sheet1.xml"
        return parts | {name: re.sub(rb' r="[A-Z]*[0-9]+"', b"", parts[name])}
    if how == "backslashes":
        return {name.replace("/", "\\") if "work" in name else name: content for name, content in parts.items()}
    moved = {name.replace("xl/", "book/"): content.replace(b"/xl/", b"/book/") for name, content in parts.items()}
    return {name: content.replace(b"xl/workbook.xml", b"book/workbook.xml") for name, content in moved.items()}


@pytest.mark.parametrize(
    "how", ["prefixed", "strict", "utf-16", "without references", "backslashes", "in another folder"]
)
def test_a_workbook_is_read_alike_whatever_wrote_it(how: str) -> None:
    tab = read(rewrite(make_parts(ROWS, styles=("[$-409]h:mm;@",)), how))

    assert tab.cells == (("File No.", "2:10"), ("", "2:10"))
    assert tab.uncomputed == ((1, 0),)


@pytest.mark.parametrize(
    ("cell", "is_uncomputed"),
    [
        ("<c r='A1'><f>TIME(0,1,2)</f></c>", True),
        ("<c r='A1'><f>TIME(0,1,2)</f><v/></c>", True),
        ("<c r='A1' t='n'><f>TIME(0,1,2)</f><v></v></c>", True),
        ("<c r='A1' t='str'><f>B1</f></c>", True),
        ("<c r='A1' t='str'><f>B1</f><v></v></c>", False),
        ("<c r='A1'><f t='shared' si='0'/></c>", True),
        ("<c r='A1'><f>TIME(0,1,2)</f><v>0.1</v></c>", False),
        ("<c r='A1'><f>TIME(0,1,2)</f><v>0</v></c>", True),
        ("<c r='A1'><v>0</v></c>", False),
        ("<c r='A1' t='e'><f>B1</f><v>#N/A</v></c>", False),
    ],
)
def test_a_formula_without_its_value_is_known(cell: str, is_uncomputed: bool) -> None:
    tab = read(make_parts(f'<row r="1">{cell}</row>', workbook='<calcPr calcId="1" fullCalcOnLoad="1"/>'))

    assert bool(tab.uncomputed) is is_uncomputed


def test_zero_is_the_value_of_a_formula_where_the_program_computes() -> None:
    row = '<row r="1"><c r="A1"><f>B1</f><v>0</v></c></row>'

    assert not read(make_parts(row, workbook='<calcPr calcId="191029"/>')).uncomputed


def test_all_cells_of_an_array_formula_without_values_are_known() -> None:
    row = '<row r="1"><c r="A1"><f t="array" ref="A1:A3">B1:B3</f></c></row>'

    assert read(make_parts(row)).uncomputed == ((0, 0), (1, 0), (2, 0))


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("long.mp4_x000D_", "long.mp4\n"),
        ("Phil Ivey_x000D_\nTom Dwan", "Phil Ivey\nTom Dwan"),
        ("a_x000a_b", "a\nb"),
        ("a_x0009_b", "a\tb"),
        ("title_with_x0041_code", "title_with_x0041_code"),
        ("a_x005F_x000D_b", "a_x000D_b"),
        ("a_x005F_b", "a_x005F_b"),
        ("1_x1080_2", "1_x1080_2"),
        ("file_x264_.mp4", "file_x264_.mp4"),
    ],
)
def test_escaped_control_characters_are_read_and_nothing_else_is(stored: str, text: str) -> None:
    cell = f'<c r="A1" t="inlineStr"><is><t xml:space="preserve">{stored}</t></is></c>'

    assert read(make_parts(f'<row r="1">{cell}</row>')).cells == ((text,),)


def test_rich_text_is_joined_and_the_reading_aid_left_out() -> None:
    text = "<r><t>Phil </t></r><r><t>Ivey</t></r><rPh sb='0' eb='1'><t>フィル</t></rPh>"

    assert read(make_parts(f'<row r="1"><c t="inlineStr"><is>{text}</is></c></row>')).cells == (("Phil Ivey",),)


@pytest.mark.parametrize(
    ("text", "shown"), [("1899-12-31T02:10:00", "2:10"), ("T02:10:00", "2:10"), ("02:10:00", "2:10")]
)
def test_a_time_that_is_written_out_is_a_time(text: str, shown: str) -> None:
    row = f'<row r="1"><c r="A1" s="1" t="d"><v>{text}</v></c></row>'

    assert read(make_parts(row, styles=("h:mm",))).cells == (("2:10",),)


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_UNPACKED_BYTES", 100_000)
    parts = make_parts('<row r="1"><c r="A1"><v>1</v></c></row>' * 5_000)

    with pytest.raises(BadInput, match=r"made\.xlsx: the workbook unpacks to more than 100,000 bytes"):
        parse_xlsx(pack(parts), file=FILE)


def test_cells_far_apart_are_refused_before_the_space_between_is_filled() -> None:
    rows = "".join(f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row>' for row in range(1, 1_000))

    with pytest.raises(BadInput, match="more than 10,000,000 cells"):
        parse_xlsx(pack(make_parts(rows)), file=FILE)


def test_entities_are_refused() -> None:
    parts = make_parts("")
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'

    with pytest.raises(BadInput, match="damaged"):
        parse_xlsx(pack(parts | {"xl/worksheets/sheet1.xml": bomb}), file=FILE)
