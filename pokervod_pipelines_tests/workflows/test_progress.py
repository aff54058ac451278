"""Check that a stage shares its progress at most once a second, and is not disturbed where that fails."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.context import read_history
from pokervod_pipelines.workflows.progress import share_progress
from pokervod_pipelines.workflows.stages import SyncRun


@pytest.fixture
def run(engine: Engine, settings_factory: Callable[..., Settings]) -> SyncRun:
    return SyncRun(engine=engine, settings=settings_factory(), correlation_id="c")


def test_progress_is_stored_once_a_second_at_most_and_told_each_time(run: SyncRun, engine: Engine) -> None:
    now, told = [0.0], []
    share = share_progress(run, "nas", "WSOP", told.append, clock=lambda: now[0])

    for tenth in range(35):
        now[0] = tenth / 10
        share(tenth)

    with engine.connect() as connection:
        stored = [(each.key, each.value, each.by) for each in read_history(connection, "c")]
    assert stored == [("progress/nas/WSOP", {"done": done}, "nas WSOP") for done in (10, 20, 30)]
    assert told == list(range(35))


def test_a_stage_goes_on_where_its_progress_cannot_be_stored(
    run: SyncRun, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    now, told = [0.0], []
    share = share_progress(run, "nas", "WSOP", told.append, clock=lambda: now[0])
    with engine.begin() as connection:
        connection.execute(text("alter table context_changes rename to away"))

    now[0] = 2.0
    share(1)

    with engine.begin() as connection:
        connection.execute(text("alter table away rename to context_changes"))
    assert told == [1]
    assert "progress of nas WSOP is not stored: " in caplog.text
