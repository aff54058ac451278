"""Define the answer of the parser: one frozen record, its fields and their order.

``facts`` and ``families`` find the fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

Value = int | str | tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class ParsedName:
    """Hold what one path encodes about its file; ``None`` is "not encoded", never "no".

    ``year_in_filename`` is ``yes`` where the file name itself has the year, ``no`` where only a folder does.
    ``date`` is an ISO day: of the recording where the name starts with it, of the edit in a Game of Gold name.
    ``buy_in`` and ``gtd`` are whole units of whatever currency the name shows.
    """

    project_code: str | None = None
    sub_series: str | None = None
    year: int | None = None
    year_in_filename: str | None = None
    season: int | None = None
    show_number: int | None = None
    episode_number: int | None = None
    seq: int | None = None
    event_number: int | None = None
    event_code_or_name: str | None = None
    event_kind: str | None = None
    buy_in: int | None = None
    gtd: int | None = None
    game: str | None = None
    day: int | None = None
    flight: str | None = None
    part: int | None = None
    session: int | None = None
    stage: str | None = None
    version: str | None = None
    clip_number: int | None = None
    hand_number: int | None = None
    players: tuple[str, ...] | None = None
    date: str | None = None

    def as_dict(self) -> dict[str, Value]:
        """Return the fields in column order, ready for JSON."""
        return {field: getattr(self, field) for field in FIELDS}


FIELDS = tuple(field.name for field in fields(ParsedName))

NOTHING = ParsedName()


def build_answer(found: Mapping[str, tuple[Value, str, str, str]]) -> ParsedName:
    """Return the answer with the value of each entry (value, rule, text, source); fields not found are None.

    A frozen dataclass sets its fields one by one, which took a quarter of the time of a name. Without slots the fields
    not found need no setting: the class has their default.
    """
    answer = object.__new__(ParsedName)
    answer.__dict__.update({field: entry[0] for field, entry in found.items()})
    return answer


class NameFinding(NamedTuple):
    """Explain the value of one field: the rule, the words it read, and whether they came from file or folder."""

    field: str
    value: Value
    rule: str
    text: str
    source: str
