"""Check who is said to look at a source: a watcher that lives, and has looked lately."""

from sqlalchemy import Engine, text

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK, Source, find_watch, list_watches, record_look


def test_a_source_is_looked_at_while_the_watcher_lives_and_looks(engine: Engine) -> None:
    with engine.begin() as connection:
        record_look(connection, Source.SHEETS, "host process 1", "")
        record_look(connection, Source.SHEETS, "host process 1", "sheets_sync one")
        assert list_watches(connection) == []  # nobody has the lock
    with hold_lock(engine, WATCH_LOCK), engine.begin() as connection:
        (watch,) = list_watches(connection)
        assert (watch.source, watch.watcher, watch.doing) == ("sheets", "host process 1", "sheets_sync one")
        assert find_watch(connection, Source.SHEETS) == watch
        assert find_watch(connection, Source.FOLDERS) is None
        connection.execute(text("update watches set seen_at = seen_at - interval '61 seconds'"))
        assert find_watch(connection, Source.SHEETS) is None
