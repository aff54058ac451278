"""Too much at once is refused to whoever asks too much: the database is not taken for away, nothing runs on."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text

from pokervod_pipelines.api import database, guard
from pokervod_pipelines.api.app import build_app
from pokervod_pipelines.api.context import Reading
from pokervod_pipelines.api.database import MORE_CONNECTIONS, THREADS, Database
from pokervod_pipelines.api.errors import DatabaseBusy
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.api.serving import Served, serve_app

AT_ONCE = 60


def build_slow(settings: Settings) -> FastAPI:
    """Return the application with a read that takes as many statements of so many seconds as it is asked for."""
    app = build_app(settings)

    def read_slowly(connection: Reading, seconds: float, times: int = 1) -> int:
        for _ in range(times):
            connection.execute(text("select pg_sleep(:seconds)"), {"seconds": seconds})
        return times

    app.add_api_route("/slow", read_slowly)
    return app


@contextmanager
def serve_slow(settings_factory: Callable[..., Settings], engine: Engine) -> Iterator[Served]:
    settings = settings_factory(database_url=engine.url.render_as_string(hide_password=False))
    with serve_app(settings, engine, build_slow) as served:
        yield served


@pytest.mark.parametrize("turn_seconds", [0.2, 30.0])
def test_slow_reads_at_once_do_not_close_the_database(
    settings_factory: Callable[..., Settings], engine: Engine, monkeypatch: pytest.MonkeyPatch, turn_seconds: float
) -> None:
    monkeypatch.setattr(database, "TURN_SECONDS", turn_seconds)
    with serve_slow(settings_factory, engine) as api, ThreadPoolExecutor(AT_ONCE) as pool:
        opened = api.app.state.context.database.opened
        answers = [*pool.map(lambda _: api.get("/slow?seconds=0.4"), range(AT_ONCE))]
        still = api.app.state.context.database.opened
        after = api.get("/api/instructions")

    counts = Counter(each.status_code for each in answers)
    assert still is opened
    assert after.status_code == 200
    assert counts[200] >= THREADS
    if turn_seconds > 1:
        assert counts == {200: AT_ONCE}
    else:
        assert counts[503] == AT_ONCE - counts[200] > 0
    for each in answers:
        if each.status_code == 503:
            assert int(each.headers["retry-after"]) >= 1
            assert "too many requests ask the database at once" in each.json()["detail"]


def test_a_pool_without_any_left_refuses_only_who_asks(
    settings_factory: Callable[..., Settings], engine: Engine
) -> None:
    kept = Database(settings_factory(database_url=engine.url.render_as_string(hide_password=False)))
    kept.start(10.0)
    try:
        opened = kept.opened
        with ExitStack() as stack:
            for _ in range(THREADS + MORE_CONNECTIONS):
                stack.enter_context(kept.connect())
            with pytest.raises(DatabaseBusy):
                stack.enter_context(kept.connect())
        assert kept.require() is opened
    finally:
        kept.close()


def test_a_request_that_took_too_long_leaves_no_statement(
    settings_factory: Callable[..., Settings], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "REQUEST_SECONDS", 0.5)
    with serve_slow(settings_factory, engine) as api:
        answer = api.get("/slow?seconds=6.5&times=3")
        with engine.connect() as connection:
            running = connection.scalar(text(RUNNING))
        monkeypatch.undo()
        after = api.get("/api/instructions")

    assert answer.status_code == 503
    assert answer.elapsed.total_seconds() < 6.5  # it did not wait for the statement
    assert "took longer" in answer.json()["detail"]
    assert running == 0
    assert after.status_code == 200


RUNNING = """
    select count(*) from pg_stat_activity
    where datname = current_database() and state = 'active' and query like '%pg_sleep(%' and pid <> pg_backend_pid()
"""
