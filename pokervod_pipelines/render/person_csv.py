"""Read what a person asks for: a CSV with a graphic a row, or a template and layers; each mistake is named.

Columns are ``template`` and one a layer; ``priority``, ``format``, ``seconds`` (or ``duration``), ``day`` and ``id``
are optional. Pure: nothing is asked of the database.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path

from pydantic import ValidationError

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.drafts import Draft, make_output
from pokervod_pipelines.render.layers import BadValue, Value, read_text
from pokervod_pipelines.render.templates import OWN_COLUMNS, Template, Templates
from pokervod_pipelines.render.triggers import PERSON
from pokervod_pipelines.settings.render import RenderOutput, RenderSettings
from pokervod_pipelines.suggestions import suggest_name
from pokervod_pipelines.text.delimited import read_records, sniff_delimiter
from pokervod_pipelines.text.encodings import decode

DEFAULT_PRIORITY = 5


class BadRequestCell(BadInput):
    """Report a wrong cell of a request; ``column`` names it."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Say why a row was skipped: its line in the file, the column, and what to do. Programs read them apart."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        """Return the problem in one line."""
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDefaults:
    """Hold what all requests of one call share: templates, settings, who asks, and the day if none is given."""

    templates: Templates
    render: RenderSettings
    by: str
    today: date


@dataclass(frozen=True, slots=True)
class Requests:
    """Hold the drafts of the valid rows, by line, and the problems of the others."""

    drafts: Mapping[int, Draft]
    problems: tuple[RowProblem, ...]


def read_person_csv(raw: bytes, *, file: str, defaults: RequestDefaults) -> Requests:
    """Return what the file asks for.

    Raises ``BadInput`` where it cannot be read as a table at all; the text names file and line.
    """
    drafts: dict[int, Draft] = {}
    problems: list[RowProblem] = []
    lines: dict[str, int] = {}
    for line, cells in _read_rows(raw, file):
        try:
            draft = read_request(cells, defaults=defaults, place=f"in {file} line {line}")
        except BadRequestCell as error:
            problems.append(RowProblem(line, error.column, str(error)))
            continue
        if draft.trigger_key in lines:
            before = lines[draft.trigger_key]
            message = f"the row is the same as line {before}; to render both, give each row an id of its own"
            problems.append(RowProblem(line, "id", message))
            continue
        lines[draft.trigger_key] = line
        drafts[line] = draft
    return Requests(drafts, tuple(problems))


def read_request(cells: Mapping[str, str], *, defaults: RequestDefaults, place: str) -> Draft:
    """Return the draft of a row, its cells by column; blank cells are ignored. Raises ``BadRequestCell``.

    ``place`` is where the request is from, as ``in friday.csv line 2``.
    """
    given = {column: cell.strip() for column, cell in cells.items() if cell.strip()}
    template = _find_template(given.get("template", ""), defaults.templates)
    return Draft(
        trigger_kind=PERSON,
        trigger_key=_make_key(given),
        template=template.name,
        layers=_read_layers(given, template),
        output=make_output(defaults.render, template, _read_output(given, template)),
        priority=_read_priority(given.get("priority")),
        day=_read_day(given["day"]) if "day" in given else defaults.today,
        by=defaults.by,
        reason=f"requested {place}",
        renderer=template.renderer,
    )


def _make_key(given: Mapping[str, str]) -> str:
    """Return a key that is the same for rows with the same cells, in any order of columns."""
    content = "\x1f".join(f"{column}\x1e{cell}" for column, cell in sorted(given.items()))
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _find_template(name: str, templates: Templates) -> Template:
    if not name:
        raise BadRequestCell("template", f"the cell is empty; write one of {', '.join(templates)}")
    if name not in templates:
        raise BadRequestCell("template", f"unknown template {name[:80]!r}; {suggest_name(name[:80], templates)}")
    return templates[name]


def _read_layers(given: Mapping[str, str], template: Template) -> dict[str, Value]:
    layers: dict[str, Value] = {}
    for column, cell in given.items():
        if column in OWN_COLUMNS:
            continue
        if column not in template.layers:
            suggestion = suggest_name(column[:80], template.layers)
            raise BadRequestCell(column, f"unknown layer {column[:80]!r} of {template.name}; {suggestion}")
        try:
            layers[column] = read_text(template.layers[column], cell)
        except BadValue as error:
            raise BadRequestCell(column, str(error)) from None
    if missing := sorted(template.required_layers - layers.keys()):
        name, meaning = missing[0], template.layers[missing[0]].description
        raise BadRequestCell(name, f"{template.name} needs the layer `{name}` ({meaning[:1].lower()}{meaning[1:]})")
    return layers


def _read_output(given: Mapping[str, str], template: Template) -> RenderOutput:
    if "seconds" in given and "duration" in given:
        raise BadRequestCell("duration", "seconds and duration mean the same; fill one of them")
    seconds = "seconds" if "seconds" in given else "duration"
    if "format" in given and given["format"] not in template.formats:
        raise BadRequestCell(
            "format", f"unknown format {given['format']!r}; {suggest_name(given['format'][:80], template.formats)}"
        )
    try:
        return RenderOutput.model_validate({"format": given.get("format"), "seconds": given.get(seconds)})
    except ValidationError:
        raise BadRequestCell(
            seconds, f"expected seconds such as 8 or 7.5, at most 600, got {given[seconds]!r}"
        ) from None


def _read_priority(cell: str | None) -> int:
    if cell is None:
        return DEFAULT_PRIORITY
    if not re.fullmatch(r"[1-9]|10", cell):
        raise BadRequestCell("priority", f"expected a priority from 1 (the highest) to 10, got {cell!r}")
    return int(cell)


def _read_day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise BadRequestCell("day", f"expected a day such as 2031-05-04, got {cell!r}") from None


def _read_rows(raw: bytes, file: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the cells by column of every row that is not blank.

    The header alone tells the delimiter: a cell of rows may hold more semicolons than a line has commas.
    """
    text = decode(raw, file=Path(file))
    header, _, _ = text.lstrip("\r\n").partition("\n")
    delimiter = sniff_delimiter(header, preferred=",")
    columns: list[str] = []
    for record in read_records(text, delimiter):
        if record.error:
            raise BadInput(f"{file} line {record.line}: {record.error}; correct the quotes there, no row was read")
        if any(cell.strip() for cell in record.cells):
            if columns:
                yield record.line, _name_cells(columns, record.cells)
            else:
                columns = _read_header(record.cells, f"{file} line {record.line}")
    if not columns:
        raise BadInput(f"{file}: the file is empty; name the columns in its first line, such as template,player,pot")


def _read_header(row: list[str], place: str) -> list[str]:
    columns = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in row]
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise BadInput(f"{place}: the column {twice[0]!r} appears twice; keep one")
    if "template" not in columns:
        raise BadInput(f"{place}: the column 'template' is missing; name the columns in the first line")
    return columns


def _name_cells(columns: list[str], row: list[str]) -> dict[str, str]:
    """Return the cells by column; one without a column is named by its number, which no layer has."""
    named = {column: cell for column, cell in zip(columns, row, strict=False) if column}
    for number, cell in enumerate(row):
        if cell.strip() and (number >= len(columns) or not columns[number]):
            named[f"number {number + 1}"] = cell
    return named
