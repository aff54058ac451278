"""Find rows that may show a hand which was not broadcast yet, by what is younger than a time.

A row of a file that was written long before that time shows no hand played after it.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.db.file_times import IS_WRITTEN_SINCE, list_times


def find_young_rows(connection: Connection, row_ids: Collection[int], since: datetime) -> frozenset[int]:
    """Return those of the rows that came or changed since then, or whose video, clip, hand or a candidate did."""
    return frozenset(connection.scalars(_YOUNG, {"ids": [*row_ids], **list_times(since)}))


_YOUNG = text(f"""
    with files as materialized (
        select f.id, f.path from nas_files f where f.changed_at >= :since and {IS_WRITTEN_SINCE}
    )
    select r.id from sheet_rows r
    where r.id = any(:ids) and (
        exists (select from files n where n.id = r.file_id or r.candidates @> to_jsonb(n.path))
        or coalesce((select {IS_WRITTEN_SINCE} from nas_files f where f.id = r.file_id), true) and (
            r.changed_at >= :since
            or exists (select from hand_clips c where c.sheet_row_id = r.id and c.changed_at >= :since)
            or exists (
                select from hand_clips c join hand_clip_links l on l.clip_id = c.id join hands h on h.id = l.hand_id
                where c.sheet_row_id = r.id and l.linked_at >= :since and h.created_at >= :since)))
""")  # noqa: S608 - a constant
