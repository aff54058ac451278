"""Tables, queries, freshness and claims are judged as the database stands, which no look can change."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS
from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.base import check_criterion
from pokervod_pipelines.rollout.criteria.kinds.database import DatabaseTable, Sql
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass
from pokervod_pipelines.rollout.plan_file import load_plan
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.rollout.criteria.conftest import MakeContext, check, make_criterion

PASSWORD = "tell-nobody"
COLUMNS = {"id": "bigint", "name": "text", "at": "timestamptz", "kept": "bool", "tags": "text[]"}


@pytest.fixture
def table(engine: Engine) -> Iterator[str]:
    """Yield a table with two rows, the newer one an hour old."""
    name = f"things_{uuid.uuid4().hex[:8]}"
    with engine.begin() as connection:
        connection.execute(
            text(f"create table {name} (id int8, name text, at timestamptz, day date, kept bool, tags text[])")
        )
        connection.execute(
            text(f"insert into {name} values (1, 'a', now() - interval '9 hours'), (2, 'b', now() - interval '1 hour')")
        )
    yield name
    with engine.begin() as connection:
        connection.execute(text(f"drop table if exists {name}"))


def run_unread(context: RolloutContext, query: str) -> CriterionFailed:
    """Run a query that no plan could have; return why the database refused it."""
    with pytest.raises(CriterionFailed) as refused, context.start().read_database() as connection:
        connection.exec_driver_sql(f"select * from (\n{query}\n) as answer limit 9")
    return refused.value


def test_a_table_that_is_filled_and_fresh_passes(make_context: MakeContext, table: str) -> None:
    result = check(
        make_context(),
        "database_table",
        table=table,
        columns={**COLUMNS, "day": "any"},
        rows_at_least=2,
        fresh_column="at",
        fresh_hours=2,
    )

    assert result.passed, result
    assert result.figures == {"rows_at_least": 2, "age_hours": 1.0}


@pytest.mark.parametrize(
    ("parameters", "error_class", "problem"),
    [
        ({"columns": {"colour": "text"}}, ErrorClass.SCHEMA, "column colour is missing"),
        ({"columns": {"id": "text"}}, ErrorClass.SCHEMA, "column id is bigint, expected text"),
        (
            {"columns": {"at": "timestamp"}},
            ErrorClass.SCHEMA,
            "is timestamp with time zone, expected timestamp without",
        ),
        ({"columns": {"id": "public.number_of"}}, ErrorClass.SCHEMA, "the database has no type 'public.number_of'"),
        ({"rows_at_least": 3}, ErrorClass.DATA, "has 2 rows, expected at least 3"),
        ({"fresh_column": "at", "fresh_hours": 0.5}, ErrorClass.DATA, "is 1 h old, allowed are 30 min"),
        ({"fresh_column": "day", "fresh_hours": 5}, ErrorClass.DATA, "the newest day of"),
        ({"fresh_column": "colour", "fresh_hours": 5}, ErrorClass.SCHEMA, 'column "colour" does not exist'),
    ],
)
def test_what_a_table_lacks_is_reported(
    make_context: MakeContext, table: str, parameters: dict[str, Any], error_class: ErrorClass, problem: str
) -> None:
    result = check(make_context(), "database_table", table=table, **parameters)

    assert result.error_class is error_class
    assert problem in result.summary


@pytest.mark.parametrize(
    ("newest", "error_class", "problem"),
    [
        ("now() + interval '4 minutes'", None, "0 min old"),
        ("now() + interval '30 minutes'", ErrorClass.DATA, "is 30 min in the future"),
        ("now() + interval '9 years'", ErrorClass.DATA, "in the future: correct the clock or the data"),
    ],
)
def test_what_lies_in_the_future_is_not_fresh(
    make_context: MakeContext, engine: Engine, table: str, newest: str, error_class: ErrorClass | None, problem: str
) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"insert into {table} values (3, 'c', {newest})"))

    fresh = check(make_context(), "freshness", table=table, column="at", hours=2)
    whole = check(make_context(), "database_table", table=table, fresh_column="at", fresh_hours=2)

    assert (fresh.error_class, whole.error_class) == (error_class, error_class)
    assert problem in fresh.summary
    assert error_class is None or problem in whole.summary


@pytest.mark.parametrize(("days", "passed"), [(0, True), (3, False)])
def test_a_day_has_begun_where_the_sun_rises_first(
    make_context: MakeContext, engine: Engine, table: str, days: int, passed: bool
) -> None:
    day = f"((now() at time zone 'Pacific/Kiritimati')::date + {days})"
    with engine.begin() as connection:
        connection.execute(text(f"update {table} set day = {day}"))

    assert check(make_context(), "freshness", table=table, column="day", hours=48).passed is passed


@pytest.mark.parametrize("query", ["select name, count(*) from {table}", "select id from {table} a, {table} b"])
def test_a_mistake_in_the_plan_is_not_a_schema_error(make_context: MakeContext, table: str, query: str) -> None:
    result = check(make_context(), "sql", query=query.format(table=table), expect={"value": 1})

    assert result.error_class is ErrorClass.NOT_ALLOWED
    assert "correct the plan" in result.summary


@pytest.mark.parametrize("name", ["no_such_table", "no_such_schema.things"])
def test_a_missing_table_is_a_schema_error(make_context: MakeContext, name: str) -> None:
    result = check(make_context(), "database_table", table=name)

    assert (result.error_class, name in result.summary) == (ErrorClass.SCHEMA, True)


@pytest.mark.parametrize(
    ("hours", "column", "error_class"),
    [(2, "at", None), (0.5, "at", ErrorClass.DATA), (2, "day", ErrorClass.DATA), (2, "colour", ErrorClass.SCHEMA)],
)
def test_freshness_of_a_table_is_measured_by_the_database_s_clock(
    make_context: MakeContext, table: str, hours: float, column: str, error_class: ErrorClass | None
) -> None:
    result = check(make_context(), "freshness", table=table, column=column, hours=hours)

    assert result.error_class is error_class


@pytest.mark.parametrize(
    ("query", "expect", "passed"),
    [
        ("select 5", {"value": 5}, True),
        ("select 5.0::numeric;", {"value": 5}, True),
        ("select 5 -- five", {"value": 6}, False),
        ("select 'a%b;c'", {"value": "a%b;c"}, True),
        ("select true", {"value": True}, True),
        ("select 1", {"value": True}, False),
        ("select null", {"value": None}, True),
        ("select date '2031-05-04'", {"value": "2031-05-04"}, True),
        ("select 5", {"at_least": 5, "at_most": 5}, True),
        ("select 4", {"at_least": 5}, False),
        ("select 6", {"at_most": 5}, False),
        ("select 'many'", {"at_least": 5}, False),
        ("select null::int", {"at_most": 5}, False),
        ("select 'NaN'::numeric", {"at_most": 5}, False),
        ("select 'NaN'::float8", {"at_least": 5}, False),
        ("select 'Infinity'::numeric", {"at_least": 5}, True),
        ("select 1; -- done", {"value": 1}, True),
        ("select 1 /* one */ ; /* done */", {"value": 1}, True),
        ("select 1 where false", {"at_most": 5}, False),
        ("select 1 where false", {"rows": 0}, True),
        ("values (1), (2)", {"rows": 2}, True),
        ("select * from generate_series(1, 5000)", {"rows": 1000}, False),
        ("with a as (select 1 as n, 2 as n) select * from a", {"rows": 1}, True),
        ("select '{\"a\": 1}'::jsonb ->> 'a'", {"value": "1"}, True),
    ],
)
def test_a_query_answers_as_expected_or_not(make_context: MakeContext, query: str, expect: Any, passed: bool) -> None:
    result = check(make_context(), "sql", query=query, expect=expect)

    assert result.passed is passed, result
    assert result.error_class is (None if passed else ErrorClass.DATA)


def test_another_expectation_is_another_criterion() -> None:
    expectations = ({"rows": 0}, {"rows": 1}, {"value": None}, {"value": 0}, {"at_least": 0}, {"at_most": 0})

    digests = {make_criterion("sql", query="select 1", expect=each).digest for each in expectations}

    assert len(digests) == len(expectations)


def test_rows_that_should_not_be_there_are_shown_twenty_at_most(make_context: MakeContext) -> None:
    result = check(make_context(), "sql", query="select n, 'x' from generate_series(1, 30) n", expect={"rows": 0})

    assert result.details[0] == "1 | x"
    assert result.details[-1] == "… and 11 more"
    assert len(result.details) == 20


def test_a_query_that_writes_by_a_function_is_stopped(make_context: MakeContext, engine: Engine, table: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(f"create function spoil_{table}() returns int language sql as 'delete from {table} returning 1'")
        )

    result = run_unread(make_context(), f"select spoil_{table}()")

    assert result.error_class is ErrorClass.NOT_ALLOWED
    assert "cannot execute DELETE in a read-only transaction" in str(result)
    with engine.connect() as connection:
        assert connection.scalar(text(f"select count(*) from {table}")) == 2


@pytest.mark.parametrize(
    "query",
    [
        "select 1; commit; drop table {table}",
        "select 1) as a; commit; drop table {table}; select * from (select 1",
        "delete from {table} returning 1",
        "with gone as (delete from {table} returning 1) select * from gone",
        "select 1 into {table}_2",
        "select id from {table} for update",
    ],
)
def test_what_gets_by_the_reading_of_a_plan_still_cannot_write(
    make_context: MakeContext, engine: Engine, table: str, query: str
) -> None:
    result = run_unread(make_context(), query.format(table=table))

    assert result.error_class in {ErrorClass.SCHEMA, ErrorClass.NOT_ALLOWED}
    with engine.connect() as connection:
        assert connection.scalar(text(f"select count(*) from {table}")) == 2


def test_a_query_that_takes_too_long_ends_in_time(make_context: MakeContext) -> None:
    query = "select count(*) from generate_series(1, 100000000000) a"

    result = check(make_context(), "sql", query=query, expect={"at_least": 1}, seconds=0.3)

    assert result.error_class is ErrorClass.UNREACHABLE
    assert "did not answer in time" in result.summary


def test_a_locked_table_ends_in_time(make_context: MakeContext, engine: Engine, table: str) -> None:
    with engine.begin() as holder:
        holder.execute(text(f"lock table {table}"))

        result = check(make_context(), "database_table", table=table, rows_at_least=1, seconds=0.3)

    assert result.error_class is ErrorClass.UNREACHABLE


def test_a_query_of_a_missing_table_is_a_schema_error(make_context: MakeContext) -> None:
    result = check(make_context(), "sql", query="select 1 from no_such_table", expect={"value": 1})

    assert result.error_class is ErrorClass.SCHEMA


def test_a_query_that_cannot_be_computed_is_a_data_error(make_context: MakeContext) -> None:
    assert check(make_context(), "sql", query="select 1 / 0", expect={"value": 1}).error_class is ErrorClass.DATA


def test_an_unreachable_database_is_reported_without_its_password(make_context: MakeContext) -> None:
    engine = create_engine(f"postgresql+psycopg://ada:{PASSWORD}@127.0.0.1:1/nothing")

    result = check(make_context(engine=engine), "sql", query="select 1", expect={"value": 1})

    assert result.error_class is ErrorClass.UNREACHABLE
    assert PASSWORD not in str(result)


def test_a_claim_that_holds_passes_and_one_that_does_not_shows_its_evidence(
    make_context: MakeContext, engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    settings = settings_factory(sheets=[{"name": "finals", "path": "/finals.csv"}])
    context = make_context(engine=engine, settings=settings)
    empty = check(context, "asset_check", claim="every_sheet_was_read")
    with engine.begin() as connection:
        connection.execute(text("insert into sheet_states (sheet) values ('finals')"))
    holding = check(context, "asset_check", claim="every_sheet_was_read")
    with engine.begin() as connection:
        connection.execute(text("update sheet_states set error = 'no such tab'"))

    broken = check(context, "asset_check", claim="every_sheet_was_read")
    whole = check(context, "asset_check", asset="sheet_rows")

    assert (empty.error_class, "looked at nothing" in empty.summary) == (ErrorClass.DATA, True)
    assert (holding.passed, holding.summary) == (True, "passed: every_sheet_was_read (looked at 1)")
    assert broken.error_class is ErrorClass.CHECK
    assert "every_sheet_was_read: finals: no such tab" in broken.details
    assert "Correct the workbook" in broken.summary
    assert whole.figures.pop("every_sheet_was_read") == 1
    assert not any(whole.figures.values())


@pytest.mark.parametrize("claim", [each.name for each in DATA_CHECKS])
def test_no_claim_holds_on_an_empty_database(make_context: MakeContext, claim: str) -> None:
    assert check(make_context(), "asset_check", claim=claim).error_class is ErrorClass.DATA


def test_a_library_of_the_settings_that_was_never_read_fails(
    make_context: MakeContext, engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    roots = [{"name": name, "path": f"/archive/{name}"} for name in ("main", "clips")]
    libraries = [{"name": each["name"], "root": each["name"]} for each in roots]
    context = make_context(engine=engine, settings=settings_factory(archive_roots=roots, libraries=libraries))
    with engine.begin() as connection:
        connection.execute(
            text("insert into nas_scans (library, status, correlation_id) values ('main', 'completed', '')")
        )

    result = check(context, "asset_check", claim="every_library_was_read")

    assert (result.error_class, result.details) == (ErrorClass.DATA, ("clips",))
    assert "never read to the end: clips; run `pokervod nas scan`" in result.summary
    with engine.begin() as connection:
        connection.execute(
            text("insert into nas_scans (library, status, correlation_id) values ('clips', 'completed', '')")
        )
    assert check(context, "asset_check", claim="every_library_was_read").passed


def test_the_tables_of_the_plan_that_ships_have_the_columns_it_asks_for(make_context: MakeContext) -> None:
    tables = [each for week in load_plan().weeks for each in week.criteria if isinstance(each, DatabaseTable)]

    found = {
        each.table: check_criterion(each.model_copy(update={"rows_at_least": 0}), make_context()) for each in tables
    }

    assert {*found} == {"video_files", "hands", "hand_clips"}
    assert all(result.passed for result in found.values()), found


def test_the_queries_of_the_plan_that_ships_fit_the_schema(make_context: MakeContext) -> None:
    queries = [each for week in load_plan().weeks for each in week.criteria if isinstance(each, Sql)]

    found = [check_criterion(each, make_context()) for each in queries]

    assert {result.error_class for result in found} == {ErrorClass.DATA}, found


def test_a_check_leaves_no_connection(make_context: MakeContext, engine: Engine) -> None:
    left = text("select count(*) from pg_stat_activity where query like '%left_behind%' and pid <> pg_backend_pid()")

    check(make_context(), "sql", query="select 'left_behind'", expect={"value": "left_behind"})

    with engine.connect() as connection:
        assert connection.scalar(left) == 0
