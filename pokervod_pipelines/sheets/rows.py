"""Read annotation rows: what one line of a sheet says about one hand, as text.

Only this module decides which lines are rows. Cells are kept as people wrote them; what a timecode, a tag or a player
means is read in ``clips``. ``align`` recognizes a row from one reading to the next.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pokervod_pipelines.sheets.headers import AnnotationLayout
from pokervod_pipelines.sheets.managed_columns import KEY_FIELD, PIN_FIELD, STATUS_FIELDS, WRITTEN_FIELDS, read_row_key
from pokervod_pipelines.sheets.tab import Tab, column_letters, replace_unstorable
from pokervod_pipelines.sheets.uncomputed import find_uncomputed, find_unreadable_cells, has_error
from pokervod_pipelines.sheets.vocabulary import SheetKind
from pokervod_pipelines.text.folding import fold_width

EXAMPLE = re.compile(r"^\s*(?:ex|e\.g|example|예|예시)\s*[).:]", re.IGNORECASE)
KEYS = {SheetKind.ARCHIVE: "file_no", SheetKind.ICONIK: "source_id", SheetKind.CLIP_TRACKER: "time_range"}
CARRIED_DOWN = ("file_name", "event", "event_name")
TRUE_WORDS = frozenset(
    {"true", "yes", "y", "o", "1", "✓", "✔"}
    # A checkbox as sheets of other countries show it.
    | {"wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "sant", "sann", "sand", "tosi", "prawda", "истина"}
)
FALSE_WORDS = frozenset(
    {"", "false", "no", "n", "x", "0", "-"}
    | {"falsch", "faux", "falso", "onwaar", "falskt", "usann", "falsk", "epätosi", "fałsz", "ложь"}
)

Cells = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationRow:
    """Hold one row; ``row_number`` is the number at the sheet's left edge, every text as written, trimmed.

    ``time_in`` has both ends where the sheet has one cell for the range; bare digits in it are milliseconds.
    ``tags`` are (category, text), a cell with several values split; ``players`` are whole cells, since "Last, First"
    and "A vs B" are for ``clips`` to read; ``extra`` maps other headers to their cells.

    The last four are not part of the content: of the PokerVOD columns the id, the status cells as shown, and the pin
    (None where the tab has no such column, or the cell cannot be read); ``uncomputed`` names the cells that are not
    computed yet.
    """

    tab: str
    row_number: int
    file_no: str = ""
    file_name: str = ""
    folder_link: str = ""
    time_in: str = ""
    time_out: str = ""
    grade: str = ""
    winner: str = ""
    hands: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    players: tuple[str, ...] = ()
    source_id: str = ""
    title: str = ""
    description: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    row_key: str = ""
    shown: tuple[str, ...] = ()
    pin: str | None = None
    uncomputed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TabRows:
    """Hold the rows of a tab, and count the skipped lines of each kind.

    ``stray`` are the numbers of those skipped lines that have text in our columns, as if they were rows, and
    ``unread_pins`` map the number of a row to the cell that leaves its pin unknown.
    """

    rows: tuple[AnnotationRow, ...]
    blank: int
    examples: int
    remarks: int
    stray: tuple[int, ...] = ()
    unread_pins: Mapping[int, str] = field(default_factory=dict)


def read_rows(tab: Tab, layout: AnnotationLayout) -> TabRows:
    """Return the annotation rows below the header.

    A line is a row only with its key: File No. in an archive sheet, the id in an iconik sheet, a time range in a clip
    tracker; a key that shows an error is one. A tracker's event is carried down over the rows that leave it blank.
    """
    rows, stray = [], []
    skipped = {"blank": 0, "example": 0, "remark": 0}
    carried: dict[str, str] = {}
    is_tracker = layout.kind is SheetKind.CLIP_TRACKER
    uncomputed = find_uncomputed(tab, layout, CARRIED_DOWN if is_tracker else ())
    pins = find_unreadable_cells(tab, layout, layout.managed.get(PIN_FIELD))
    for index in range(layout.header_row + 1, len(tab.cells)):
        cells = _mask(tab.cells[index], layout)
        is_error_key = has_error(tab, layout, index, (KEYS[layout.kind],))
        kind = _classify_row(cells, layout, has_key=is_error_key or _has_key(cells, layout))
        kind = "" if kind == "blank" and is_error_key and tab.is_live else kind
        if is_tracker and kind not in {"blank", "example"}:
            carried = _carry_down(cells, layout, {} if has_error(tab, layout, index, CARRIED_DOWN) else carried)
        if kind:
            skipped[kind] += 1
            if any(_cell(tab.cells[index], layout.managed[name]) for name in WRITTEN_FIELDS if name in layout.managed):
                stray.append(index + 1)
        else:
            row = _name_by_event(_read_row(cells, layout, index + 1), layout, carried)
            rows.append(_with_managed_cells(row, tab.cells[index], layout))
            if index in uncomputed:
                rows[-1] = replace(rows[-1], uncomputed=uncomputed[index])
            if index in pins:
                rows[-1] = replace(rows[-1], pin=None)
    return TabRows(
        rows=tuple(rows),
        blank=skipped["blank"],
        examples=skipped["example"],
        remarks=skipped["remark"],
        stray=tuple(stray),
        unread_pins={row.row_number: pins[row.row_number - 1] for row in rows if row.row_number - 1 in pins},
    )


def _mask(cells: Cells, layout: AnnotationLayout) -> Cells:
    """Return the cells with the PokerVOD columns blanked: a row with text only in them is blank."""
    ours = {*layout.managed.values()}
    return ["" if index in ours else cell for index, cell in enumerate(cells)] if ours else cells


def _with_managed_cells(row: AnnotationRow, cells: Cells, layout: AnnotationLayout) -> AnnotationRow:
    if not layout.managed:
        return row
    texts = {name: _cell(cells, index) for name, index in layout.managed.items()}
    shown = tuple(texts.get(name, "") for name in STATUS_FIELDS)
    return replace(row, row_key=read_row_key(texts.get(KEY_FIELD, "")), shown=shown, pin=texts.get(PIN_FIELD))


def _classify_row(cells: Cells, layout: AnnotationLayout, *, has_key: bool) -> str:
    """Return the kind of a line that is not an annotation, "" where it is one."""
    written = [cell for cell in cells if cell.strip()]
    if not written:
        return "blank"
    if any(EXAMPLE.match(cell) for cell in written[:3]):
        return "example"
    if tuple(cells) == layout.headers or not has_key:
        return "remark"
    return ""


def _has_key(cells: Cells, layout: AnnotationLayout) -> bool:
    key = _first(cells, layout, KEYS[layout.kind])
    return bool(re.search(r"\d\s*:\s*\d", fold_width(key))) if layout.kind is SheetKind.CLIP_TRACKER else bool(key)


def _carry_down(cells: Cells, layout: AnnotationLayout, carried: dict[str, str]) -> dict[str, str]:
    """Return the event of the row: its own where it names another one, else that of the row above."""
    own = {name: text for name in CARRIED_DOWN if (text := _first(cells, layout, name))}
    return carried if all(carried.get(name) == text for name, text in own.items()) else own


def _name_by_event(row: AnnotationRow, layout: AnnotationLayout, carried: dict[str, str]) -> AnnotationRow:
    if layout.kind is not SheetKind.CLIP_TRACKER:
        return row
    event = carried.get("event_name") or carried.get("event", "")
    return replace(row, file_name=carried.get("file_name") or event, title=event)


def _read_row(cells: Cells, layout: AnnotationLayout, row_number: int) -> AnnotationRow:
    title = _first(cells, layout, "title")
    return AnnotationRow(
        tab=layout.tab,
        row_number=row_number,
        file_no=_first(cells, layout, "file_no"),
        file_name=_first(cells, layout, "file_name") or title,
        folder_link=_first(cells, layout, "folder_link"),
        time_in=_read_time(cells, layout, "in"),
        time_out=_read_time(cells, layout, "out"),
        grade=_first(cells, layout, "grade"),
        winner=_first(cells, layout, "winner"),
        hands=_first(cells, layout, "hands"),
        tags=tuple(_read_tags(cells, layout)),
        players=tuple(filter(None, (_cell(cells, index) for index in layout.columns.get("tag_player", ())))),
        source_id=_first(cells, layout, "source_id").casefold(),
        title=title,
        description=_first(cells, layout, "description"),
        extra=_read_extra(cells, layout),
    )


def _read_time(cells: Cells, layout: AnnotationLayout, end: str) -> str:
    if text := _first(cells, layout, f"time_{end}"):
        return text
    if seconds := _first(cells, layout, f"seconds_{end}"):
        return f"{seconds}s"
    return _first(cells, layout, "time_range") if end == "in" else ""


def _read_tags(cells: Cells, layout: AnnotationLayout) -> Iterator[tuple[str, str]]:
    for name in layout.columns:
        if name.startswith("tag_") and name != "tag_player":
            yield from ((name.removeprefix("tag_"), text) for text in _values(cells, layout, name))
        if name.startswith("flag_"):
            yield from ((name.removeprefix("flag_"), text) for text in _read_flags(cells, layout, name))


def _read_flags(cells: Cells, layout: AnnotationLayout, name: str) -> Iterator[str]:
    """Yield the header where its cell says yes, the cell itself where it says anything except no."""
    for index in layout.columns[name]:
        text = _cell(cells, index)
        if text.casefold() in TRUE_WORDS:
            yield layout.headers[index].strip()
        elif text.casefold() not in FALSE_WORDS:
            yield text


def _read_extra(cells: Cells, layout: AnnotationLayout) -> dict[str, str]:
    extra: dict[str, str] = {}
    for index in layout.unmapped():
        if text := _cell(cells, index):
            name = layout.headers[index].strip() or f"column {column_letters(index)}"
            extra[f"{name} ({column_letters(index)})" if name in extra else name] = text
    return extra


def _cell(cells: Cells, index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


def _first(cells: Cells, layout: AnnotationLayout, name: str) -> str:
    return next((text for index in layout.columns.get(name, ()) if (text := _cell(cells, index))), "")


def _values(cells: Cells, layout: AnnotationLayout, name: str) -> Iterator[str]:
    for index in layout.columns.get(name, ()):
        yield from split_values(_cell(cells, index))


def split_values(text: str) -> tuple[str, ...]:
    """Return the values of one cell: separated by comma, semicolon or line break, or a JSON list.

    >>> split_values('Bluff, Hero Call'), split_values('["serock","joseph serock"]')
    (('Bluff', 'Hero Call'), ('serock', 'joseph serock'))
    """
    if text.startswith("[") and text.endswith("]"):
        try:
            values = json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            values = None
        if isinstance(values, list):
            return tuple(text for value in values if (text := replace_unstorable(str(value)).strip()))
        text = text[1:-1].replace('"', "")
    return tuple(part.strip() for part in re.split(r"[,;\n]", text) if part.strip())


def fingerprint(row: AnnotationRow) -> str:
    """Return a digest of the row's content, independent of its tab, its row number and its Unicode composition."""
    content = [
        *(row.file_no, row.file_name, row.folder_link, row.time_in, row.time_out, row.grade, row.winner, row.hands),
        *(row.source_id, row.title, row.description, row.tags, row.players, sorted(row.extra.items())),
    ]
    text = unicodedata.normalize("NFC", json.dumps(content, ensure_ascii=False))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
