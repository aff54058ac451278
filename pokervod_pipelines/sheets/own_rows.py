"""Keep the rows of clips that people make by command: rows as in a sheet, of a sheet that no workbook has.

A row names its video itself, so no rule matches it and no reading of a sheet retires it. Its clip is made, linked,
searched and exported as that of any row.
"""

from sqlalchemy import Connection, text

from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.match_rows import make_pinned_match
from pokervod_pipelines.sheets.pin_store import PinnedVideo
from pokervod_pipelines.sheets.rows import AnnotationRow, fingerprint

BY_HAND = "by hand"
"""The sheet of these rows; no sheet of the settings can have this name."""


def has_own_rows(connection: Connection) -> bool:
    """Return whether people have made clips by command that are not undone."""
    query = text("select exists (select from sheet_rows where sheet = :sheet and retired_at is null)")
    return bool(connection.scalar(query, {"sheet": BY_HAND}))


def find_own_row(connection: Connection, row: AnnotationRow, file_id: int) -> int | None:
    """Return the id of the row that says the same of the same video."""
    row_id: int | None = connection.scalar(
        text("""
            select id from sheet_rows where sheet = :sheet and retired_at is null
                and file_id = :file_id and fingerprint = :fingerprint
        """),
        {"sheet": BY_HAND, "file_id": file_id, "fingerprint": fingerprint(row)},
    )
    return row_id


def add_own_row(connection: Connection, row: AnnotationRow, video: PinnedVideo) -> int:
    """Insert the row with its video; return its id. The caller holds the sheet's lock."""
    (row_id,) = store.insert_rows(connection, BY_HAND, [row])
    store.store_matches(connection, {row_id: make_pinned_match(video)})
    connection.execute(text("update sheet_rows set row_number = id where id = :id"), {"id": row_id})
    return row_id


def retire_own_row(connection: Connection, row_id: int) -> None:
    """Retire the row, as if it was deleted from its sheet; its clip follows with the next build."""
    store.retire_rows(connection, [row_id])
