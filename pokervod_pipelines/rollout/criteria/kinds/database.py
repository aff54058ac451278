"""Check data: ``database_table``, ``sql`` (one reading query), ``freshness``, and ``asset_check``: PokerVOD's own."""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.check_shape import DataCheck
from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS
from pokervod_pipelines.monitoring.evaluation import evaluate_check
from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.ages import check_age, measure_file, measure_table
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.fields import (
    ColumnName,
    Glob,
    Hours,
    PlanModel,
    Scalar,
    TableName,
    quote_table,
    require,
)
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass, expect
from pokervod_pipelines.rollout.criteria.select_only import read_query
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.fields import matching

ColumnType = Annotated[
    str, matching(r"([a-z_][a-z0-9_]*\.)?[a-z_][a-z0-9_]*( [a-z]+)*(\[\])?", "a type such as 'bigint' or 'text[]'")
]
"""A type as PostgreSQL spells it, long or short (``int8``, ``timestamptz``), or ``any``."""

LIBRARIES = "every_library_was_read"
"""The check that knows only libraries which were scanned at least once; the settings know the others."""

MAX_ROWS = 1000


class DatabaseTable(Criterion):
    """Expect a table with these ``columns`` (and others), at least ``rows_at_least`` rows, the newest fresh enough."""

    kind: Literal["database_table"] = "database_table"
    table: TableName
    columns: Mapping[ColumnName, ColumnType] = Field(default_factory=dict)
    rows_at_least: int = Field(default=0, ge=0, le=10_000_000)
    fresh_column: ColumnName | None = None
    fresh_hours: Hours | None = None

    @model_validator(mode="after")
    def _freshness_is_whole(self) -> Self:
        is_whole = (self.fresh_column is None) == (self.fresh_hours is None)
        require(is_whole, "fresh_column and fresh_hours require each other; give both or none")
        return self

    def check(self, context: RolloutContext) -> str:
        """Return what the schema and then the rows of the table show."""
        table, least = quote_table(self.table), self.rows_at_least
        with context.read_database() as connection:
            problems = [*self._compare_columns(connection, table)]
            problem = f"{self.table}: {' '.join(problems[:1])}; apply pending migrations"
            expect(not problems, ErrorClass.SCHEMA, problem, problems)
            count = text(f"select count(*) from (select from {table} limit :limit) counted")  # noqa: S608 - quoted
            context.figures["rows_at_least"] = rows = int(connection.scalar(count, {"limit": least}) or 0)
            expect(rows >= least, ErrorClass.DATA, f"{self.table} has {rows} rows, expected at least {least}")
            if self.fresh_column and self.fresh_hours:
                age = measure_table(connection, self.table, self.fresh_column)
                check_age(context, age, self.fresh_hours, f"newest {self.fresh_column} of {self.table}")
        counted = f", with {rows:,} rows or more" if rows else ""
        return f"{self.table} is as expected{counted}"

    def _compare_columns(self, connection: Connection, table: str) -> Iterator[str]:
        columns = text("""
            select attname, format_type(atttypid, null) from pg_attribute
            where attrelid = to_regclass(:name) and attnum > 0 and not attisdropped
        """)
        found = {row[0]: row[1] for row in connection.execute(columns, {"name": table})}
        if not found:
            yield "the table is missing"
            return
        for name, expected in self.columns.items():
            if (given := found.get(name)) is None:
                yield f"column {name} is missing"
            elif expected not in {"any", given}:
                known = connection.scalar(text("select format_type(to_regtype(:kind), null)"), {"kind": expected})
                if known in {None, "-", "???"}:
                    yield f"column {name}: the database has no type {expected!r}"
                elif known != given:
                    yield f"column {name} is {given}, expected {known}"


def _check_query(query: str) -> str:
    read_query(query)
    return query


class Expectation(PlanModel):
    """Describe the expected answer: its first value, or bounds of it, or the number of ``rows``."""

    value: Scalar = None
    at_least: float = -math.inf
    at_most: float = math.inf
    rows: int = Field(default=-1, ge=0, le=MAX_ROWS)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = self.model_fields_set
        kinds = len({"value", "rows"} & given) + bool({"at_least", "at_most"} & given)
        require(kinds == 1, "expect: give value, or rows, or at_least and at_most")
        problem = f"at_least: {self.at_least:g} is more than at_most, {self.at_most:g}"
        require(self.at_least <= self.at_most, problem)
        return self

    def describe(self) -> str:
        """Return it in words."""
        given = self.model_dump(exclude_unset=True)
        return " and ".join(f"{name.replace('_', ' ')} {each!r}" for name, each in given.items())

    def fits(self, rows: int, first: object) -> bool:
        """Return whether that many rows, or the first value, are as expected."""
        if "rows" in self.model_fields_set:
            return rows == self.rows
        if "value" in self.model_fields_set:
            return is_equal(first, self.value)
        if isinstance(first, bool) or not isinstance(first, int | float | Decimal) or math.isnan(first):
            return False
        return self.at_least <= first <= self.at_most


class Sql(Criterion):
    """Run the query and compare what it returns with ``expect``. It runs READ ONLY, limited in time and rows."""

    kind: Literal["sql"] = "sql"
    query: Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_check_query)]
    expect: Expectation

    def check(self, context: RolloutContext) -> str:
        """Return whether the query returned what is expected, with its rows as evidence if not."""
        bounded = f"select * from (\n{read_query(self.query)}\n) as answer limit {MAX_ROWS + 1}"  # noqa: S608 - checked
        with context.read_database() as connection:
            plain = connection.execution_options(no_parameters=True)
            rows = [tuple(row) for row in plain.exec_driver_sql(bounded)]
        first = next(iter(rows[0]), None) if rows else None
        context.figures["rows"] = len(rows)
        if rows:
            context.figures["value"] = first if isinstance(first, int | float) else str(first)
        answer = (
            f"{len(rows)} rows"
            if "rows" in self.expect.model_fields_set
            else repr(context.figures.get("value", "no row"))
        )
        problem = f"the query returns {answer}, expected {self.expect.describe()}"
        details = (" | ".join(map(str, row)) for row in rows)
        expect(self.expect.fits(len(rows), first), ErrorClass.DATA, problem, details)
        return f"the query returns {answer}"


def is_equal(found: object, expected: Scalar) -> bool:
    """Return whether both are the same value: compare numbers by size, ``true`` only with ``true``, others as text.

    >>> is_equal(Decimal("2.0"), 2), is_equal(1, True), is_equal(None, None)
    (True, False, True)
    """
    if any(each is None or isinstance(each, bool) for each in (expected, found)):
        return found is expected
    if isinstance(expected, int | float):
        return isinstance(found, int | float | Decimal) and found == expected
    return str(found) == expected


class Freshness(Criterion):
    """Expect the newest time in the table's ``column``, or the newest file of ``path``, to be at most ``hours`` old."""

    kind: Literal["freshness"] = "freshness"
    hours: Hours
    table: TableName | None = None
    column: ColumnName | None = None
    path: Glob | None = None

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        is_one = (self.table is None) != (self.path is None) and (self.table is None) == (self.column is None)
        require(is_one, "freshness needs either a table and its column, or a path")
        return self

    def check(self, context: RolloutContext) -> str:
        """Return how old the newest time or file is."""
        if self.table and self.column:
            what = f"newest {self.column} of {self.table}"
            with context.read_database() as connection:
                age = measure_table(connection, self.table, self.column)
        else:
            what, files = f"newest file {self.path}", context.find_files(str(self.path))
            age = measure_file(files[-1]) if files else None
        return check_age(context, age, self.hours, what)


class AssetCheck(Criterion):
    """Expect the check named ``claim``, or all checks of the ``asset``, to pass."""

    kind: Literal["asset_check"] = "asset_check"
    claim: str | None = None
    asset: str | None = None

    @model_validator(mode="after")
    def _names_a_check(self) -> Self:
        is_one = (self.claim is None) != (self.asset is None)
        require(is_one, "asset_check needs either a claim, or an asset for all its checks")
        problem = f"claim: unknown {self.claim!r}; known are {', '.join(check.name for check in DATA_CHECKS)}"
        if self.asset is not None:
            assets = dict.fromkeys(check.asset for check in DATA_CHECKS)
            problem = f"asset: {self.asset!r} has no checks; those with checks are {', '.join(assets)}"
        require(self._list_checks(), problem)
        return self

    def check(self, context: RolloutContext) -> str:
        """Return what the checks looked at; the state of files is that of their asset's last check."""
        checks = self._list_checks()
        with context.read_database() as connection:
            results = [evaluate_check(connection, check, context.settings) for check in checks]
            is_asked = LIBRARIES in {check.name for check in checks}
            unread = _list_unread(connection, context.settings) if is_asked else []
        context.figures.update({each.name: each.evidence_count for each in results})
        if failed := [each for each in results if not each.passed]:
            names = ", ".join(each.name for each in failed)
            problem = f"failed: {names} (cases: {failed[0].evidence_count}). {failed[0].next_step}"
            details = (f"{each.name}: {line}" for each in failed for line in each.evidence)
            raise CriterionFailed(ErrorClass.CHECK, problem, details)
        problem = f"these libraries were never read to the end: {', '.join(unread)}; run `pokervod nas scan`"
        expect(not unread, ErrorClass.DATA, problem, unread)
        empty = [each.name for each in results if each.looked_at == 0]  # it proves nothing
        problem = f"looked at nothing: {', '.join(empty)}; there are no data yet, run `pokervod sync`"
        expect(not empty, ErrorClass.DATA, problem)
        return "passed: " + ", ".join(f"{each.name} (looked at {each.looked_at or 0:,})" for each in results)

    def _list_checks(self) -> Sequence[DataCheck]:
        return [check for check in DATA_CHECKS if self.claim == check.name or self.asset == check.asset]


def _list_unread(connection: Connection, settings: Settings) -> list[str]:
    read = {*connection.scalars(text("select distinct library from nas_scans where status = 'completed'"))}
    return [each.name for each in settings.libraries if each.name not in read]
