"""Test which files and clips may show a hand that was not broadcast yet."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.clips.delay import find_young_clips, find_young_files
from pokervod_pipelines.sheets.delay import find_young_rows
from pokervod_pipelines_tests.catalog.inventory import add_file

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(minutes=30)
MINUTE, DAYS = timedelta(minutes=1), timedelta(days=2)


@pytest.mark.parametrize(
    ("written", "seen", "is_young"),
    [
        (MINUTE, MINUTE, True),
        (timedelta(hours=23), MINUTE, True),
        (DAYS, MINUTE, False),
        (-DAYS, MINUTE, True),
        (MINUTE, DAYS, False),
        (NOW - datetime(1980, 1, 1, tzinfo=UTC), MINUTE, True),
        (NOW - datetime(1970, 1, 1, tzinfo=UTC), MINUTE, True),
    ],
    ids=["both", "clock", "first scan", "future", "known", "no clock", "no time"],
)
def test_a_file_that_was_written_long_before_is_not_young(
    engine: Engine, written: timedelta, seen: timedelta, is_young: bool
) -> None:
    file_id = add_file(engine, "a.mp4", mtime_ns=int((NOW - written).timestamp() * 1e9), changed_at=NOW - seen)
    clip_id = _add_clip(engine, file_id)

    with engine.connect() as connection:
        assert (file_id in find_young_files(connection, SINCE)) == is_young
        assert (clip_id in find_young_clips(connection, SINCE)) == is_young
        assert (clip_id in find_young_rows(connection, [clip_id], SINCE)) == is_young, "its row has the same number"


@pytest.mark.parametrize("written", [MINUTE, DAYS])
def test_a_clip_that_changed_is_young_without_an_old_file(engine: Engine, written: timedelta) -> None:
    at = int((NOW - written).timestamp() * 1e9)
    file_id = add_file(engine, "a.mp4", mtime_ns=at, changed_at=NOW - DAYS)
    of_file, of_none = _add_clip(engine, file_id, changed=MINUTE), _add_clip(engine, None, changed=MINUTE)

    with engine.connect() as connection:
        young = {of_none} if written == DAYS else {of_file, of_none}
        assert find_young_clips(connection, SINCE) == young
        assert find_young_rows(connection, [of_file, of_none], SINCE) == young


def _add_clip(engine: Engine, file_id: int | None, changed: timedelta = DAYS) -> int:
    with engine.begin() as connection:
        return connection.execute(
            text("""
                with made as (
                    insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content,
                        changed_at, match_status, file_id)
                    values ('tracker', 'Hands', 1, '', '', '', '{}', :at,
                        case when cast(:file_id as bigint) is null then 'none' else 'matched' end, :file_id)
                    returning id
                )
                insert into hand_clips (sheet_row_id, sheet, file_id, title, winner, hands, problem, input_hash,
                    changed_at)
                select id, 'tracker', :file_id, '', '', '', 'no time', '', :at from made returning id
            """),
            {"file_id": file_id, "at": NOW - changed},
        ).scalar_one()
