"""Read XLSX files: every cell as the text that a person sees in it.

XML is read by its local names, and parts are found by their relations, so that the prefixes, folders and the strict
or transitional dialect of the program that wrote the file make no difference. The cells of a tab are read in
``worksheet``.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets.number_format import BUILTIN_FORMATS
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines.sheets.worksheet import WorkbookParts, children, join_texts, local_name, read_worksheet

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
MAX_UNPACKED_BYTES = 100 * 2**20
"""Of the parts that are read. A sheet of 15,000 rows has 12 MB; one packed megabyte may unpack to a gigabyte."""

READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    RuntimeError,
    EOFError,
    SyntaxError,
    LookupError,
    ValueError,
    ArithmeticError,
)
"""What the zip and XML readers let through: ParseError is a SyntaxError, an encrypted or unknown member a
RuntimeError, a forbidden entity a ValueError."""


def parse_xlsx(content: bytes, *, file: Path) -> tuple[Tab, ...]:
    """Return every worksheet as a tab; formulas give the values that were last computed.

    Raises:
        BadInput: the file is protected, in an old or binary format, cut off, far too large or otherwise not readable.

    """
    if content.startswith(OLE_MAGIC):
        message = f"{file}: the workbook has a password or the old .xls format. Save it as .xlsx without a password."
        raise BadInput(message)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            tabs = tuple(_read_tabs(Package(archive)))
    except WorkbookTooLarge as error:
        message = f"{file}: {error}. Delete what is not annotations, or correct the path."
        raise BadInput(message) from error
    except READ_ERRORS as error:
        message = f"{file}: the workbook is damaged, cut off or protected ({error}). Save it again as .xlsx."
        raise BadInput(message) from error
    if not tabs:
        message = f"{file}: the workbook has no tab with cells. Save it again."
        raise BadInput(message)
    return tabs


class WorkbookTooLarge(Exception):
    """Report a workbook that unpacks to more than any sheet has."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Hold what one part says about another: the last word of its type, and the path in the package."""

    kind: str
    part: str


class Package:
    """Read the parts of a package, within a limit for all of them together."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Index the parts by name: some writers differ in case, and use the backslash."""
        self._archive = archive
        self._members = {each.filename.replace("\\", "/").casefold(): each for each in archive.infolist()}
        self._left = MAX_UNPACKED_BYTES

    def open(self, part: str) -> IO[bytes]:
        """Open the part. The archive refuses a member that is longer than it says."""
        member = self._members[part.casefold()]
        self._left -= member.file_size
        if self._left < 0:
            message = f"the workbook unpacks to more than {MAX_UNPACKED_BYTES:,} bytes, which are too many for a sheet"
            raise WorkbookTooLarge(message)
        return self._archive.open(member)

    def parse(self, part: str) -> Element:
        """Return the part's root element."""
        with self.open(part) as stream:
            root = parse(stream).getroot()
        if root is None:
            message = f"{part} has no content"
            raise ValueError(message)
        return root

    def relations(self, part: str) -> dict[str, Relation]:
        """Return the relations of the part, by id; "" is the package itself."""
        folder, name = posixpath.split(part)
        index = posixpath.join(folder, "_rels", f"{name}.rels")
        if index.casefold() not in self._members:
            return {}
        return {
            each.get("Id", ""): Relation(
                each.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, each.get("Target", "").replace("\\", "/")))[1:],
            )
            for each in self.parse(index)
            if each.get("TargetMode") != "External"
        }


def _read_tabs(package: Package) -> Iterator[Tab]:
    main = next((each.part for each in package.relations("").values() if each.kind == "officeDocument"), "")
    if not main.casefold().endswith(".xml"):
        message = f"expected a workbook inside, got {main or 'another kind of file'!r}"
        raise ValueError(message)
    book, relations = package.parse(main), package.relations(main)
    parts = _read_shared_parts(package, book, relations)
    for entry in children(book, "sheets", "sheet"):
        link = next((value for name, value in entry.items() if local_name(name) == "id"), "")
        if (relation := relations[link]).kind == "worksheet":
            with package.open(relation.part) as stream:
                yield read_worksheet(
                    stream, parts, title=entry.get("name", ""), is_hidden=entry.get("state", "visible") != "visible"
                )


def _read_shared_parts(package: Package, book: Element, relations: dict[str, Relation]) -> WorkbookParts:
    """Return what all tabs refer to: texts, formats, and how the workbook counts days and computes."""
    by_kind = {each.kind: each.part for each in relations.values()}
    texts = package.parse(by_kind["sharedStrings"]) if "sharedStrings" in by_kind else ()
    properties = next(children(book, "workbookPr"), Element(""))
    computing = next(children(book, "calcPr"), Element(""))
    return WorkbookParts(
        texts=tuple(join_texts(each) for each in texts if local_name(each.tag) == "si"),
        formats=_read_formats(package.parse(by_kind["styles"])) if "styles" in by_kind else (),
        is_1904=properties.get("date1904") in {"1", "true"},
        computes_on_load=computing.get("fullCalcOnLoad") in {"1", "true"},
    )


def _read_formats(styles: Element) -> tuple[str, ...]:
    """Return the number format of each cell style."""
    codes = {each.get("numFmtId"): each.get("formatCode", "") for each in children(styles, "numFmts", "numFmt")}
    builtin = {str(number): code for number, code in BUILTIN_FORMATS.items()}
    known = builtin | codes
    return tuple(known.get(each.get("numFmtId", "0"), "") or "General" for each in children(styles, "cellXfs", "xf"))
