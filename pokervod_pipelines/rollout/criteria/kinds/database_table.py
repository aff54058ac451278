"""Check ``database_table``: a table has its columns with their types, enough rows, and a fresh one."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import Connection, text

from pokervod_pipelines.rollout.criteria.ages import count_rows, find_age_problem, measure_age
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import ColumnName, Hours, TableName, quote_table
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, CriterionResult, ErrorClass

ColumnType = Annotated[str, StringConstraints(pattern=r"^([a-z_][a-z0-9_]*\.)?[a-z_][a-z0-9_]*( [a-z]+)*(\[\])?$")]
"""A type as PostgreSQL spells it, long or short (``int8``, ``timestamptz``), or ``any``."""

_COLUMNS = text("""
    select attname, format_type(atttypid, null) from pg_attribute
    where attrelid = to_regclass(:name) and attnum > 0 and not attisdropped
""")


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
        if (self.fresh_column is None) != (self.fresh_hours is None):
            message = "fresh_column and fresh_hours require each other; give both or none"
            raise ValueError(message)
        return self

    def check(self, context: CheckContext) -> CriterionResult:
        """Return what the schema and then the rows of the table show."""
        with context.read_database() as connection:
            self._check_columns(connection)
            rows = count_rows(connection, self.table, self.rows_at_least)
            figures: dict[str, float | int | str] = {"rows_at_least": rows}
            if rows < self.rows_at_least:
                message = f"{self.table} has {rows} rows, expected at least {self.rows_at_least}"
                return CriterionResult.fails(ErrorClass.DATA, message, figures=figures)
            if self.fresh_column and self.fresh_hours:
                figures["age_hours"] = self._check_age(connection, self.fresh_column, self.fresh_hours)
        counted = f", with {rows:,} rows or more" if rows else ""
        return CriterionResult.passes(f"{self.table} is as expected{counted}", figures=figures)

    def _check_columns(self, connection: Connection) -> None:
        found = {row[0]: row[1] for row in connection.execute(_COLUMNS, {"name": quote_table(self.table)})}
        if not found:
            message = f"the table {self.table} is missing; apply pending migrations"
            raise CriterionFailed(ErrorClass.SCHEMA, message)
        problems = [
            problem
            for name, kind in self.columns.items()
            if (problem := _compare(connection, name, kind, found.get(name)))
        ]
        if problems:
            message = f"{self.table} does not have the expected columns: {problems[0]}; apply pending migrations"
            raise CriterionFailed(ErrorClass.SCHEMA, message, evidence=problems)

    def _check_age(self, connection: Connection, column: str, hours: float) -> float:
        age = measure_age(connection, self.table, column)
        if age is None:
            raise CriterionFailed(ErrorClass.DATA, f"{self.table} has no row with a value in {column}")
        if problem := find_age_problem(age, hours):
            raise CriterionFailed(ErrorClass.DATA, f"{self.table} is not fresh: its newest {column} {problem}")
        return round(age, 2)


def _compare(connection: Connection, name: str, expected: str, found: str | None) -> str | None:
    if found is None:
        return f"column {name} is missing"
    if expected in {"any", found}:
        return None
    known = connection.scalar(text("select format_type(to_regtype(:kind), null)"), {"kind": expected})
    if known in {None, "-", "???"}:
        return f"column {name}: the database has no type {expected!r}"
    return None if known == found else f"column {name} is {found}, expected {known}"
