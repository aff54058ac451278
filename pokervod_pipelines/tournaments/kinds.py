"""Find out which of the five exports a file is, by its headers. The columns of each are data here. Pure.

A new spelling of a header is a word in this file. ``rows`` turns cells into values.
"""

import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.tournaments.table import ExportTable


class ExportKind(StrEnum):
    """Name the exports as the tournament system does."""

    TOURNAMENT_DATA = "tournament_data"
    PLAYER_CHIPS = "player_chips"
    BLIND_STRUCTURE = "blind_structure"
    PAYOUT_STRUCTURE = "payout_structure"
    BROADCAST_SCHEDULE = "broadcast_schedule"


REQUIRED: Mapping[ExportKind, tuple[str, ...]] = {
    ExportKind.TOURNAMENT_DATA: ("tournament_number", "name", "current_level", "remaining_players", "status"),
    ExportKind.PLAYER_CHIPS: ("tournament_number", "player_name", "chips", "is_eliminated"),
    ExportKind.BLIND_STRUCTURE: ("tournament_number", "level", "small_blind", "big_blind"),
    ExportKind.PAYOUT_STRUCTURE: ("tournament_number", "place_start", "amount"),
    ExportKind.BROADCAST_SCHEDULE: ("date", "time_start", "event_title"),
}
OPTIONAL: Mapping[ExportKind, tuple[str, ...]] = {
    ExportKind.TOURNAMENT_DATA: ("buy_in", "rake", "starting_chips", "registered_players", "prize_pool"),
    ExportKind.PLAYER_CHIPS: ("table_number", "seat_number", "rank"),
    ExportKind.BLIND_STRUCTURE: ("ante", "bb_ante", "duration_minutes", "is_break", "break_name"),
    ExportKind.PAYOUT_STRUCTURE: ("place_end", "percentage", "is_bracelet"),
    ExportKind.BROADCAST_SCHEDULE: ("time_end", "channel", "tournament_number", "is_live"),
}
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "tournament_number": ("tournament_no", "tournament", "tournament_id", "event_number", "event_no"),
    "player_name": ("player",),
    "chips": ("chip_count", "stack"),
    "is_eliminated": ("eliminated",),
    "table_number": ("table", "table_no"),
    "seat_number": ("seat", "seat_no"),
    "current_level": ("level_now",),
    "remaining_players": ("players_remaining", "players_left"),
    "registered_players": ("players_registered", "entries"),
    "small_blind": ("sb",),
    "big_blind": ("bb",),
    "duration_minutes": ("duration", "minutes"),
    "place_start": ("place_from",),
    "place_end": ("place_to",),
    "time_start": ("start_time", "start"),
    "time_end": ("end_time", "end"),
    "event_title": ("title",),
}
FEWEST_COLUMNS = 2
"""A file needs at least this many columns of a kind to count as that kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLayout:
    """Tell the kind of a file, and the index of each of its columns in a record."""

    kind: ExportKind
    columns: Mapping[str, int]


def find_layout(table: ExportTable) -> ExportLayout:
    """Return the kind of export and its columns; of two kinds that fit equally, the one in the file's name.

    Raises ``BadInput`` naming the file and the required columns that are missing, or those that occur twice.
    """
    headers = [_simplify(cell) for cell in table.header.cells]
    counts = {kind: _count_columns(headers, kind) for kind in ExportKind}
    hint = guess_kind(table.file)
    kind = max(ExportKind, key=lambda each: (counts[each], each is hint))
    if counts[kind] < FEWEST_COLUMNS:
        raise BadInput(
            f"{table.file}:{table.header.line}: expected the header of a tournament export, with the columns of one of "
            f"{', '.join(ExportKind)}; export it with its header, or remove the file"
        )
    return ExportLayout(kind=kind, columns=_place_columns(table, headers, kind))


def guess_kind(file: str) -> ExportKind | None:
    """Return the kind that the file's name mentions, None if it mentions none.

    >>> guess_kind("2025-07-15 Player Chips (2).csv")
    <ExportKind.PLAYER_CHIPS: 'player_chips'>
    """
    simple = _simplify(file.replace("\\", "/").rpartition("/")[2])
    return next((kind for kind in ExportKind if _simplify(kind) in simple), None)


def _simplify(header: str) -> str:
    """Return letters and digits only, in one case: spacing, case and separators of headers do not count."""
    return "".join(each for each in unicodedata.normalize("NFKC", header).casefold() if each.isalnum())


def _name_spellings(column: str) -> frozenset[str]:
    return frozenset(_simplify(each) for each in (column, *SPELLINGS.get(column, ())))


def _count_columns(headers: list[str], kind: ExportKind) -> int:
    present = set(headers)
    return sum(bool(present & _name_spellings(column)) for column in (*REQUIRED[kind], *OPTIONAL[kind]))


def _place_columns(table: ExportTable, headers: list[str], kind: ExportKind) -> dict[str, int]:
    columns: dict[str, int] = {}
    problems = []
    for column in (*REQUIRED[kind], *OPTIONAL[kind]):
        spellings = _name_spellings(column)
        places = [place for place, header in enumerate(headers) if header in spellings]
        exact = [place for place in places if headers[place] == _simplify(column)]
        if len(exact or places) > 1:
            problems.append(f"the column {column} occurs twice, in {_name_places(exact or places)}; keep one of them")
        elif places:
            columns[column] = (exact or places)[0]
        elif column in REQUIRED[kind]:
            problems.append(f"the column {column} is missing; include it in the export")
    if problems:
        raise BadInput("\n".join(f"{table.file}:{table.header.line}: {kind}: {problem}" for problem in problems))
    return columns


def _name_places(places: list[int]) -> str:
    return " and ".join(string.ascii_uppercase[place] if place < 26 else f"column {place + 1}" for place in places)
