"""What a person asks for: a CSV with a graphic a row, or a template and layers by hand; read whole, each slip named.

Columns are ``template`` and one a layer; ``priority``, ``format``, ``seconds`` (or ``duration``), ``day`` and ``id``
are optional. Pure: nothing is asked of the database.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b

from pydantic import ValidationError

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.drafts import Draft, make_output
from pokervod_pipelines.render.layers import BadValue, Value, read_text
from pokervod_pipelines.render.templates import OWN_COLUMNS, Template, Templates
from pokervod_pipelines.render.triggers import PERSON
from pokervod_pipelines.settings.render import RenderOutput, RenderSettings

DEFAULT_PRIORITY = 5
DELIMITERS = ",;\t"


class BadCell(BadInput):
    """A cell cannot be followed; ``column`` is where it stands."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class CsvProblem:
    """A row that makes no graphic: its line in the file, the column at fault, and what to do about it."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        """Return the problem in one line."""
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What holds for all that is asked for at once: templates, settings, who asks, and the day if none is said."""

    templates: Templates
    render: RenderSettings
    by: str
    today: date


@dataclass(frozen=True, slots=True)
class Asked:
    """The drafts of the rows that are sound, by line, and the problems of the others."""

    drafts: Mapping[int, Draft]
    problems: tuple[CsvProblem, ...]


def read_person_csv(raw: bytes, *, file: str, asking: Asking) -> Asked:
    """Return what the file asks for.

    Raises ``BadInput`` where it cannot be read as a table at all; the text names file and line.
    """
    drafts: dict[int, Draft] = {}
    problems: list[CsvProblem] = []
    lines: dict[str, int] = {}
    for line, cells in _read_rows(raw, file):
        try:
            draft = read_request(cells, asking=asking, place=f"in {file} line {line}")
        except BadCell as error:
            problems.append(CsvProblem(line, error.column, str(error)))
            continue
        if draft.trigger_key in lines:
            before = lines[draft.trigger_key]
            message = (
                f"the row is the same as line {before}; if two graphics are wanted, give each row an id of its own"
            )
            problems.append(CsvProblem(line, "id", message))
            continue
        lines[draft.trigger_key] = line
        drafts[line] = draft
    return Asked(drafts, tuple(problems))


def read_request(cells: Mapping[str, str], *, asking: Asking, place: str) -> Draft:
    """Return the draft of a row, its cells by column; blank cells say nothing. Raises ``BadCell``.

    ``place`` is where it was asked for, as ``in friday.csv line 2``.
    """
    given = {column: cell.strip() for column, cell in cells.items() if cell.strip()}
    template = _find_template(given.get("template", ""), asking.templates)
    return Draft(
        trigger_kind=PERSON,
        trigger_key=_make_key(given),
        template=template.name,
        layers=_read_layers(given, template),
        output=make_output(asking.render, template, _read_output(given, template)),
        priority=_read_priority(given.get("priority")),
        day=_read_day(given["day"]) if "day" in given else asking.today,
        by=asking.by,
        reason=f"asked for {place}",
        renderer=template.renderer,
    )


def explain(draft: Draft, reason: str) -> Draft:
    """Return the draft with the reason that a person gave."""
    return replace(draft, reason=reason)


def _make_key(given: Mapping[str, str]) -> str:
    """Return what makes the same row ask for the same graphic: all it says, in any order of columns."""
    said = "\x1f".join(f"{column}\x1e{cell}" for column, cell in sorted(given.items()))
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _find_template(name: str, templates: Templates) -> Template:
    if not name:
        raise BadCell("template", f"it is empty; write one of {', '.join(templates)}")
    if name not in templates:
        raise BadCell("template", f"there is no template {name[:80]!r}; there are {', '.join(templates)}")
    return templates[name]


def _read_layers(given: Mapping[str, str], template: Template) -> dict[str, Value]:
    layers: dict[str, Value] = {}
    for column, cell in given.items():
        if column in OWN_COLUMNS:
            continue
        if column not in template.layers:
            raise BadCell(column, f"{template.name} has no such layer; its layers are {', '.join(template.layers)}")
        try:
            layers[column] = read_text(template.layers[column], cell)
        except BadValue as error:
            raise BadCell(column, str(error)) from None
    if missing := sorted(template.required_layers - layers.keys()):
        raise BadCell(missing[0], f"{template.name} needs this layer: {template.layers[missing[0]].description}")
    return layers


def _read_output(given: Mapping[str, str], template: Template) -> RenderOutput:
    if "seconds" in given and "duration" in given:
        raise BadCell("duration", "seconds and duration mean the same; fill one of them")
    seconds = "seconds" if "seconds" in given else "duration"
    if "format" in given and given["format"] not in template.formats:
        raise BadCell("format", f"{template.name} cannot be {given['format']!r}, only {', '.join(template.formats)}")
    try:
        return RenderOutput.model_validate({"format": given.get("format"), "seconds": given.get(seconds)})
    except ValidationError:
        raise BadCell(seconds, f"{given[seconds]!r} is no length such as 8 or 7.5 seconds, at most 600") from None


def _read_priority(said: str | None) -> int:
    if said is None:
        return DEFAULT_PRIORITY
    if not re.fullmatch(r"[1-9]|10", said):
        raise BadCell("priority", f"{said!r} is no priority; write 1 (the highest) to 10")
    return int(said)


def _read_day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise BadCell("day", f"{said!r} is no day such as 2031-05-04") from None


def _read_rows(raw: bytes, file: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the cells by column of every row that says anything."""
    text = _decode(raw, file)
    head, _, _ = text.lstrip("\r\n").partition("\n")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count), strict=True)
    columns: list[str] = []
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                if columns:
                    yield line, _name_cells(columns, row)
                else:
                    columns = _read_header(row, f"{file} line {line}")
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(f"{file} line {line}: {error}; mend the quotes there, nothing was asked for") from None
    if not columns:
        raise BadInput(f"{file}: it is empty; its first line must name the columns, such as template,player,pot")


def _decode(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{file} line {line}: it is not UTF-8; save it as CSV UTF-8") from None


def _read_header(row: list[str], place: str) -> list[str]:
    columns = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in row]
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise BadInput(f"{place}: the column {twice[0]!r} stands there twice; keep one")
    if "template" not in columns:
        raise BadInput(f"{place}: no column 'template'; the first line must name the columns")
    return columns


def _name_cells(columns: list[str], row: list[str]) -> dict[str, str]:
    """Return the cells by column; one below no column is named by its number, and so is found to be no layer."""
    named = {column: cell for column, cell in zip(columns, row, strict=False) if column}
    for number, cell in enumerate(row):
        if cell.strip() and (number >= len(columns) or not columns[number]):
            named[f"number {number + 1}"] = cell
    return named
