"""Check that freshness is the age of the data, not that of the last reading."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.monitoring.measures.freshness import measure_freshness
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue

NOW = datetime(2026, 5, 4, 18, 30, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
def settings(settings_factory: Callable[..., Settings]) -> Settings:
    return settings_factory(
        archive_roots=[{"name": "nas", "path": "/mnt/nas"}],
        libraries=[{"name": "wsop", "root": "nas"}],
        sheets=[{"name": "notes", "path": "notes.xlsx"}],
    )


def measure(engine: Engine, settings: Settings) -> dict[str, float | None]:
    with engine.connect() as connection:
        found = measure_freshness(connection, settings, now=NOW)
    return {f"{each.kind} {each.name}".strip(): each.seconds for each in found}


def test_no_data_has_no_age(engine: Engine, settings: Settings) -> None:
    assert measure(engine, settings) == dict.fromkeys(
        ("graphics", "hands", "library wsop", "sheet notes", "tournaments")
    )


def test_a_reading_that_found_nothing_new_leaves_the_data_as_old_as_they_are(
    engine: Engine, settings: Settings
) -> None:
    MeasuredQueue(engine=engine).add(ago(30), 600, "completed")
    with engine.begin() as connection:
        for minutes, counts, status in (
            (90, '{"added": 3}', "completed"),
            (60, '{"seen": 3, "unchanged": 3}', "completed"),
            (50, '{"added": 9}', "failed"),
        ):
            connection.execute(
                text("""
                    insert into nas_scans (library, status, counts, started_at, finished_at, correlation_id)
                    values ('wsop', :status, cast(:counts as jsonb), :at, :at, '')
                """),
                {"at": ago(minutes), "counts": counts, "status": status},
            )
        connection.execute(
            text("""
                insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content,
                    changed_at)
                values ('notes', 'Hands', 1, '', '', '', '{}', :at), ('other', 'Hands', 1, '', '', '', '{}', :now)
            """),
            {"at": ago(45), "now": NOW},
        )
        connection.execute(
            text("""
                insert into tournament_files (path, digest, size, seen_at, rows, error, imported_at)
                values ('a', '', 1, :at, 1, null, :at), ('b', '', 1, :at, 1, 'no header', :now)
            """),
            {"at": ago(15), "now": NOW},
        )

    assert measure(engine, settings) == {
        "graphics": 20 * 60,
        "hands": None,
        "library wsop": 90 * 60,
        "sheet notes": 45 * 60,
        "tournaments": 15 * 60,
    }
