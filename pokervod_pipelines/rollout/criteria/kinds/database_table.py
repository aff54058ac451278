"""``database_table``: a table has its columns of their types, is filled, and fresh."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from sqlalchemy import Connection, text

from pokervod_pipelines.rollout.criteria.ages import find_age_fault
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence, Failing
from pokervod_pipelines.rollout.criteria.fields import ColumnName, Hours, TableName, quote_table
from pokervod_pipelines.rollout.criteria.rows import count_rows, measure_age
from pokervod_pipelines.rollout.criteria.world import World

TYPES = frozenset({
    "any", "bigint", "int8", "integer", "int", "int4", "smallint", "int2", "numeric", "decimal", "real", "float4",
    "double precision", "float8", "float", "money", "boolean", "bool", "text", "character varying", "varchar",
    "character", "char", "bpchar", "name", "citext", "bytea", "uuid", "date", "time", "time without time zone",
    "timetz", "time with time zone", "timestamp", "timestamp without time zone", "timestamptz",
    "timestamp with time zone",
    "interval", "json", "jsonb", "jsonpath", "xml", "inet", "cidr", "macaddr", "bit", "bit varying", "varbit",
    "tsvector", "tsquery", "int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange", "int4multirange",
    "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange", "point", "box", "polygon",
    "circle", "line", "lseg", "path", "oid", "regclass", "pg_lsn", "xid8",
})  # fmt: skip
"""What columns are made of, as PostgreSQL spells it, long and short."""


def _check_type(text: str) -> str:
    if text.removesuffix("[]") not in TYPES and "." not in text:
        message = f"PostgreSQL brings no type {text!r}; one of your own has its schema before it, as 'public.{text}'"
        raise ValueError(message)
    return text


ColumnType = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z_][a-z0-9_]*\.)?[a-z_][a-z0-9_]*( [a-z]+)*(\[\])?$"),
    AfterValidator(_check_type),
]
"""A type as PostgreSQL spells it, long or short (``int8``, ``timestamptz``), or ``any``."""

_COLUMNS = text("""
    select attname, format_type(atttypid, null) from pg_attribute
    where attrelid = to_regclass(:name) and attnum > 0 and not attisdropped
""")


class DatabaseTable(Criterion):
    """The table exists with these ``columns`` among its own, has ``rows_at_least`` rows, the newest fresh enough."""

    kind: Literal["database_table"] = "database_table"
    table: TableName
    columns: Mapping[ColumnName, ColumnType] = Field(default_factory=dict)
    rows_at_least: int = Field(default=0, ge=0, le=10_000_000)
    fresh_column: ColumnName | None = None
    fresh_hours: Hours | None = None

    @model_validator(mode="after")
    def _freshness_is_whole(self) -> Self:
        if (self.fresh_column is None) != (self.fresh_hours is None):
            message = "fresh_column and fresh_hours belong together; give both or none"
            raise ValueError(message)
        return self

    def check(self, world: World) -> Evidence:
        """Return what the table's schema and rows tell, the schema first."""
        with world.read_database() as connection:
            self._check_columns(connection)
            rows = count_rows(connection, self.table, self.rows_at_least)
            figures: dict[str, float | int | str] = {"rows_at_least": rows}
            if rows < self.rows_at_least:
                said = f"{self.table} has {rows} rows, needed are {self.rows_at_least}"
                return Evidence.fails(ErrorClass.DATA, said, figures=figures)
            if self.fresh_column and self.fresh_hours:
                figures["age_hours"] = self._check_age(connection, self.fresh_column, self.fresh_hours)
        return Evidence.passes(f"{self.table} is as it has to be", figures=figures)

    def _check_columns(self, connection: Connection) -> None:
        there = {row[0]: row[1] for row in connection.execute(_COLUMNS, {"name": quote_table(self.table)})}
        if not there:
            said = f"there is no table {self.table}; apply pending migrations"
            raise Failing(ErrorClass.SCHEMA, said)
        faults = [
            fault for name, kind in self.columns.items() if (fault := _compare(connection, name, kind, there.get(name)))
        ]
        if faults:
            said = f"{self.table} has not the columns it has to have: {faults[0]}; apply pending migrations"
            raise Failing(ErrorClass.SCHEMA, said, details=faults)

    def _check_age(self, connection: Connection, column: str, hours: float) -> float:
        age = measure_age(connection, self.table, column)
        if age is None:
            raise Failing(ErrorClass.DATA, f"{self.table} has no row with {column}")
        if fault := find_age_fault(age, hours):
            raise Failing(ErrorClass.DATA, f"{self.table} is not fresh: its newest {column} {fault}")
        return round(age, 2)


def _compare(connection: Connection, name: str, wanted: str, there: str | None) -> str | None:
    if there is None:
        return f"there is no column {name}"
    if wanted in {"any", there}:
        return None
    known = connection.scalar(text("select format_type(to_regtype(:kind), null)"), {"kind": wanted})
    if known in {None, "-", "???"}:
        return f"column {name}: PostgreSQL knows no type {wanted!r}"
    return None if known == there else f"column {name} is {there}, not {known}"
