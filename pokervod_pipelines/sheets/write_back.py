"""What became of each row, told in the sheet itself: one write a pass, by explicit ranges, for rows that have an id.

Nothing here reads the sheet again before writing, since that would only make the gap smaller in which somebody sorts:
``own_columns`` says how each cell makes sure of its row instead. What the sheet shows after the write is read back
from the answer; where it is not what was meant, somebody was faster, and the next pass says it again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets import status_store
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.google.workbook import ColumnValues
from pokervod_pipelines.sheets.own_columns import (
    KEY_FIELD,
    STATUS_FIELDS,
    WRITTEN,
    guard,
    lay_column,
    make_row_key,
    name_range,
    same_shown,
    shorten,
)
from pokervod_pipelines.sheets.own_places import OwnColumns, set_up_columns
from pokervod_pipelines.sheets.shared import SharedWorkbook
from pokervod_pipelines.sheets.sources import count_calls, open_shared
from pokervod_pipelines.sheets.statuses import RowFacts, describe_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a write-back came to, in rows: statuses ``written``, those of them that ``gave_way`` to somebody's edit.

    ``cleared`` lines are no rows any more. ``keyed`` rows got an id, and in ``set_up`` tabs our columns; both take
    another reading before more is said.
    """

    rows: int = 0
    written: int = 0
    gave_way: int = 0
    cleared: int = 0
    keyed: int = 0
    set_up: int = 0
    calls: int = 0

    @property
    def needs_reading(self) -> bool:
        """Whether ids were given that mean nothing until they are read beside their rows."""
        return bool(self.keyed or self.set_up)


def write_back(engine: Engine, settings: Settings, sheet: str, *, clock: Clock = SYSTEM_CLOCK) -> Told:
    """Every row of the sheet that has an id shows what became of it; one that has none has been given one.

    Raises what the client raises; ``Conflict`` when the sheet was rebuilt so much meanwhile that nothing was written.
    """
    source = settings.sheet(sheet)
    reading = hold_lock(engine, f"reading of sheet {sheet}")
    with reading, open_shared(engine, settings, source, clock=clock) as workbook:
        with engine.connect() as connection:
            columns = status_store.read_own_columns(connection, sheet)
            rows = status_store.read_row_facts(connection, sheet)
        unset = {tab: each for tab, each in columns.items() if each.missing}
        if unset:
            set_up_columns(workbook, [*unset])
            return Told(rows=len(rows), set_up=len(unset), calls=count_calls(workbook) or 0)
        keyless = [row for row in rows if row.row_key is None and row.tab in columns]
        if keyless:
            workbook.write_values(_lay_keys(keyless, columns))
            return Told(rows=len(rows), keyed=len(keyless), calls=count_calls(workbook) or 0)
        return _write_statuses(engine, workbook, rows, columns, now=clock.now().astimezone(settings.zone))


def _lay_keys(rows: Sequence[RowFacts], columns: Mapping[str, OwnColumns]) -> list[ColumnValues]:
    keys: dict[str, dict[int, str]] = defaultdict(dict)
    for row in rows:
        keys[row.tab][row.row_number] = make_row_key()
    return [
        ColumnValues(name_range(columns[tab].sheet_id, KEY_FIELD), lay_column(cells, columns[tab].rows))
        for tab, cells in keys.items()
    ]


def _write_statuses(
    engine: Engine,
    workbook: SharedWorkbook,
    rows: Sequence[RowFacts],
    columns: Mapping[str, OwnColumns],
    *,
    now: datetime,
) -> Told:
    news = _find_news(rows, columns, now.strftime("%Y-%m-%d %H:%M"))
    stray = {tab: own.stray for tab, own in columns.items() if own.stray}
    if not news and not stray:
        return Told(rows=len(rows), calls=count_calls(workbook) or 0)
    ranges = {
        (tab, field): _lay_column([row for row in news if row.tab == tab], news, field, own)
        for tab, own in columns.items()
        for field in WRITTEN
        if tab in stray or (field != KEY_FIELD and any(row.tab == tab for row in news))
    }
    after = dict(zip(ranges, workbook.write_values([*ranges.values()]), strict=True))
    shown = {row.id: tuple(_cell(after[row.tab, field], row.row_number) for field in STATUS_FIELDS) for row in news}
    with engine.begin() as connection:
        status_store.store_shown(connection, shown)
    gave_way = sum(shown[row.id] != cells for row, cells in news.items())
    return Told(
        rows=len(rows),
        written=len(news) - gave_way,
        gave_way=gave_way,
        cleared=sum(map(len, stray.values())),
        calls=count_calls(workbook) or 0,
    )


def _find_news(
    rows: Sequence[RowFacts], columns: Mapping[str, OwnColumns], moment: str
) -> dict[RowFacts, tuple[str, ...]]:
    """Return what to say of each row that does not show it yet, by the order of ``STATUS_FIELDS``."""
    wanted = {row: tuple(shorten(text) for text in (*describe_row(row), moment)) for row in rows if row.tab in columns}
    return {row: cells for row, cells in wanted.items() if not same_shown(row.shown, cells)}


def _lay_column(
    rows: Sequence[RowFacts], news: Mapping[RowFacts, tuple[str, ...]], field: str, own: OwnColumns
) -> ColumnValues:
    """Return the column with the rows' guarded texts, and blank where nothing of ours has a place."""
    cells = dict.fromkeys(own.stray, "")
    if field != KEY_FIELD:
        place = STATUS_FIELDS.index(field)
        key_column = own.indexes[KEY_FIELD]
        for row in rows:
            key, number = row.row_key or "", row.row_number
            cells[number] = guard(news[row][place], key, key_column=key_column, row_number=number)
    return ColumnValues(name_range(own.sheet_id, field), lay_column(cells, own.rows))


def _cell(column: ColumnValues, row_number: int) -> str:
    return (column.cells[row_number - 1] or "") if row_number <= len(column.cells) else ""
