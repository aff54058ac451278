"""Tell by a digest whether a sheet still reads as the last pass read it.

Drive's version may lag behind the sheet, so it cannot tell alone. The columns that no rule reads have a digest of their
own: a clock or a random number in one of them differs from one reading to the next.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, text

from pokervod_pipelines.sheets.column_setup import ManagedColumns
from pokervod_pipelines.sheets.reading import SheetReading
from pokervod_pipelines.sheets.rows import AnnotationRow

SEPARATOR = "-"

_FIELDS = tuple(field.name for field in fields(AnnotationRow) if field.name != "extra")


def digest_reading(reading: SheetReading, columns: Mapping[str, ManagedColumns]) -> str:
    """Return two digests, as one text: of what the rules read and of where our columns are, and of all other columns.

    >>> digest_reading(SheetReading(), {}) == digest_reading(SheetReading(skipped=3), {})
    True
    """
    rows = [[getattr(row, name) for name in _FIELDS] for row in reading.rows]
    places = {tab: asdict(each) for tab, each in columns.items()}
    content = [rows, dict(reading.unread), asdict(reading.directives), places]
    return _digest(content) + SEPARATOR + _digest([row.extra for row in reading.rows])


def is_same_content(one: str, other: str) -> bool:
    """Return whether the digests differ at most in the columns that no rule reads.

    >>> is_same_content("1f-22", "1f-90"), is_same_content("1f-22", "2e-22")
    (True, False)
    """
    return one.partition(SEPARATOR)[0] == other.partition(SEPARATOR)[0]


def _digest(content: object) -> str:
    plain = json.dumps(content, ensure_ascii=False, default=_list_plainly)
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()[:32]


def _list_plainly(value: Iterable[str]) -> list[str]:
    return sorted(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReading:
    """Describe the last pass over a sheet: which one at Google it was, its revision, its digest and how long ago.

    ``has_failed`` tells that the last attempt after it failed.
    """

    place: str | None
    revision: str | None
    digest: str | None
    age_seconds: float
    has_failed: bool


def store_digest(connection: Connection, sheet: str, *, place: str | None, digest: str | None) -> None:
    """Store which sheet at Google was read (None for a file), and the digest of what was read."""
    connection.execute(
        text("update sheet_states set place = :place, digest = :digest where sheet = :sheet"),
        {"sheet": sheet, "place": place, "digest": digest},
    )


def store_revision(connection: Connection, sheet: str, revision: str) -> None:
    """Store that this revision has the content that was read, so that it is not read again."""
    connection.execute(
        text("update sheet_states set revision = :revision where sheet = :sheet"),
        {"sheet": sheet, "revision": revision},
    )


def read_stored_readings(connection: Connection) -> dict[str, StoredReading]:
    """Return the last reading of every sheet ever read, by name."""
    rows = connection.execute(
        text("""
            select sheet, place, revision, digest, error is not null as has_failed,
                   coalesce(extract(epoch from now() - read_at), 0)::float as age_seconds
            from sheet_states
        """)
    )
    return {
        row.sheet: StoredReading(**{name: value for name, value in row._mapping.items() if name != "sheet"})
        for row in rows
    }
