"""Find rows that may show a hand which was not broadcast yet, by what is younger than a time."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, text


def find_young_rows(connection: Connection, row_ids: Collection[int], since: datetime) -> frozenset[int]:
    """Return those of the rows that came or changed since then, or whose video, clip, hand or a candidate did."""
    return frozenset(connection.scalars(_YOUNG, {"ids": [*row_ids], "since": since}))


_YOUNG = text("""
    select r.id from sheet_rows r where r.id = any(:ids) and (
        r.changed_at >= :since
        or exists (
            select from nas_files f
            where f.changed_at >= :since and (f.id = r.file_id or r.candidates @> to_jsonb(f.path)))
        or exists (select from hand_clips c where c.sheet_row_id = r.id and c.changed_at >= :since)
        or exists (
            select from hand_clips c join hand_clip_links l on l.clip_id = c.id join hands h on h.id = l.hand_id
            where c.sheet_row_id = r.id and l.linked_at >= :since and h.created_at >= :since))
""")
