"""Check what the runs of one request share: versions, writers at once, limits, and the end of a context."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from pokervod_pipelines.defs.resources import define_shared_context
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import WorkflowSettings
from pokervod_pipelines.workflows.context import (
    SharedContext,
    purge_contexts,
    read_history,
    read_use,
    read_values,
    set_value,
)
from pokervod_pipelines_tests.sizes import choose

LIMITS = WorkflowSettings()


@pytest.fixture
def shared(engine: Engine) -> SharedContext:
    return SharedContext(engine, LIMITS, "sync 1", "run 1")


def history(engine: Engine) -> list[tuple[str, int, Any, str]]:
    with engine.connect() as connection:
        return [(each.key, each.version, each.value, each.by) for each in read_history(connection, "sync 1")]


def end(engine: Engine, seconds: float = 3_601) -> None:
    """Let the context have been used so long ago."""
    with engine.begin() as connection:
        connection.execute(
            text("update contexts set used_at = used_at - :seconds * interval '1 second'"), {"seconds": seconds}
        )


def test_a_value_is_read_by_everybody_as_soon_as_it_is_set(engine: Engine, shared: SharedContext) -> None:
    assert shared.set("sheets", ["notes", "찐최종 ’–"]) == 1
    other = SharedContext(engine, LIMITS, "sync 1", "run 2")

    assert other.get("sheets") == ["notes", "찐최종 ’–"]
    assert other.set("sheets", None) == 2
    assert shared.get("sheets") is None
    assert history(engine) == [("sheets", 1, ["notes", "찐최종 ’–"], "run 1"), ("sheets", 2, None, "run 2")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_any_json_comes_back_as_it_was(worker_engine: Engine, value: Any) -> None:
    shared = SharedContext(worker_engine, LIMITS, "sync 1", "run 1")
    shared.set("value", value)

    assert shared.get("value") == value


@pytest.fixture(scope="module")
def worker_engine(worker_database: Any) -> Engine:
    engine: Engine = worker_database.engine
    return engine


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"x", object()])
def test_what_is_not_json_is_refused_by_name(shared: SharedContext, value: object) -> None:
    with pytest.raises(BadInput, match="context sync 1: 'colour' is not JSON"):
        shared.set("colour", value)


@pytest.mark.parametrize("key", ["", "a\x00b", "\ud800"])
def test_a_key_is_a_text(shared: SharedContext, key: str) -> None:
    for use in (shared.get, lambda key: shared.set(key, 1), lambda key: shared.update(key, lambda _: 1)):
        with pytest.raises(BadInput, match="context: expected a key without NUL"):
            use(key)
    with pytest.raises(BadInput, match="expected a correlation id without NUL"):
        SharedContext(shared.engine, LIMITS, key, "run 1")


def test_a_context_has_a_size_that_it_does_not_exceed(engine: Engine, shared: SharedContext) -> None:
    quotes = 2
    shared.set("first", "x" * (LIMITS.context_bytes - 10 - quotes))
    shared.set("second", "y" * (10 - quotes))

    with pytest.raises(BadInput, match=r"'second' would make it 10,485,761 bytes, the limit is 10,485,760; store"):
        shared.set("second", "y" * (11 - quotes))
    assert shared.get("second") == "y" * 8
    assert [(key, version) for key, version, *_ in history(engine)] == [("first", 1), ("second", 1)]
    shared.set("first", "small")
    shared.set("second", "y" * 1_000)


def test_of_two_writers_that_expect_the_same_version_one_is_told(engine: Engine, shared: SharedContext) -> None:
    barrier = threading.Barrier(2)

    def write(name: str) -> str:
        barrier.wait()
        try:
            SharedContext(engine, LIMITS, "sync 1", name).set("winner", name, expects=0)
        except Conflict as error:
            return str(error)
        return "set"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(write, ("run 1", "run 2")))

    winner = shared.read("winner")
    assert told == [
        f"context sync 1: 'winner' is at version 1, set by {winner.value}, not at 0; read it again, then decide",
        "set",
    ]
    assert len(history(engine)) == 1
    with pytest.raises(Conflict, match="'other' has no value, not at 3"):
        shared.set("other", 1, expects=3)


def test_updates_at_the_same_time_are_all_counted(engine: Engine, shared: SharedContext) -> None:
    count, writers = choose(5, long=50), 4

    def add(_: int) -> None:
        for _ in range(count):
            shared.update("done", lambda done: (done or 0) + 1)

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(add, range(writers)))

    assert shared.get("done") == count * writers
    assert [version for _, version, *_ in history(engine)] == list(range(1, count * writers + 1))


def test_a_transaction_that_is_killed_leaves_nothing(engine: Engine, shared: SharedContext) -> None:
    shared.set("step", "before")
    connection = engine.connect()
    set_value(connection, LIMITS, "sync 1", "step", "during", by="run 2")
    with engine.begin() as other:
        pid = connection.scalar(text("select pg_backend_pid()"))
        other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
    connection.invalidate()
    connection.close()

    assert shared.set("step", "after") == 2
    assert [value for _, _, value, _ in history(engine)] == ["before", "after"]


READS: list[Callable[[SharedContext], object]] = [
    lambda shared: shared.get("step"),
    lambda shared: shared.set("step", 2),
    lambda shared: shared.update("step", lambda _: 2),
]


@pytest.mark.parametrize("use", READS)
def test_a_context_that_ended_says_so_until_it_is_deleted(
    engine: Engine, shared: SharedContext, use: Callable[[SharedContext], object]
) -> None:
    shared.set("step", 1)
    end(engine)

    with pytest.raises(Conflict, match=r"context sync 1 ended: it was used last at .* UTC, and is kept for 3600 s"):
        use(shared)
    with engine.begin() as connection:
        assert purge_contexts(connection, LIMITS) == 1
        assert read_values(connection, "sync 1") == []
    with pytest.raises(BadInput, match="unknown context 'sync 1'"):
        shared.get("step")


def test_reading_keeps_a_context_alive(engine: Engine, shared: SharedContext) -> None:
    shared.set("step", 1)
    for _ in range(3):
        end(engine, 3_000)
        assert shared.get("step") == 1

    with engine.begin() as connection:
        assert purge_contexts(connection, LIMITS) == 0
        assert read_use(connection, "sync 1")


def test_an_unknown_key_suggests_the_one_that_was_meant(shared: SharedContext) -> None:
    shared.set("sheets", 1)
    with pytest.raises(BadInput, match="context sync 1: unknown key 'sheet'; did you mean `sheets`"):
        shared.get("sheet")


def test_ops_of_one_request_share_it(engine: Engine, tmp_path: Any) -> None:
    @dg.op(required_resource_keys={"shared_context"})
    def write(context: dg.OpExecutionContext) -> None:
        context.resources.shared_context.set("files", 3)

    @dg.op(required_resource_keys={"shared_context"}, ins={"after": dg.In(dg.Nothing)})
    def read(context: dg.OpExecutionContext) -> int:
        found: int = context.resources.shared_context.get("files")
        return found

    settings = Settings(home=tmp_path)

    @dg.job(
        resource_defs={
            "engine": dg.ResourceDefinition.hardcoded_resource(engine),
            "shared_context": define_shared_context(settings),
        }
    )
    def job() -> None:
        read(write())

    result = job.execute_in_process(tags={CORRELATION_TAG: "sync 1"})

    assert result.output_for_node("read") == 3
    [(_, _, _, by)] = history(engine)
    assert by == f"run {result.run_id[:8]} (job)"
