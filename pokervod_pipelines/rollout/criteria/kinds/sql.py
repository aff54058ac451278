"""``sql``: one reading query answers as expected. It runs READ ONLY, in bounded time, and its rows are bounded."""

import math
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence
from pokervod_pipelines.rollout.criteria.fields import Scalar
from pokervod_pipelines.rollout.criteria.select_only import find_fault, strip_end
from pokervod_pipelines.rollout.criteria.world import World

MOST_ROWS = 1000


def _check_query(text: str) -> str:
    if fault := find_fault(text):
        message = f"not one reading SELECT: {fault}"
        raise ValueError(message)
    return text


Query = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_check_query)]


class Expectation(BaseModel):
    """What the answer has to be: its first value this, or within bounds, or so many ``rows``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    value: Scalar = None
    at_least: float | None = None
    at_most: float | None = None
    rows: int | None = Field(default=None, ge=0, le=MOST_ROWS)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = self.model_fields_set
        if empty := sorted(name for name in given - {"value"} if getattr(self, name) is None):
            message = f"{empty[0]}: it is empty; give a number"
            raise ValueError(message)
        if not given or len({"value", "rows"} & given) + bool({"at_least", "at_most"} & given) > 1:
            message = "expect: give value, or rows, or at_least and at_most"
            raise ValueError(message)
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            message = f"at_least: {self.at_least:g} is more than at_most, {self.at_most:g}"
            raise ValueError(message)
        return self

    def describe(self) -> str:
        """Return it in words."""
        if self.rows is not None:
            return f"{self.rows} rows"
        bounds = [
            f"at {word} {bound:g}"
            for word, bound in (("least", self.at_least), ("most", self.at_most))
            if bound is not None
        ]
        return " and ".join(bounds) or repr(self.value)

    def fits(self, rows: list[tuple[Any, ...]]) -> bool:
        """Return whether the answer is as expected."""
        if self.rows is not None:
            return len(rows) == self.rows
        first = rows[0][0] if rows else None
        if "value" in self.model_fields_set:
            return is_equal(first, self.value)
        if isinstance(first, bool) or not isinstance(first, int | float | Decimal) or math.isnan(first):
            return False
        return (self.at_least is None or first >= self.at_least) and (self.at_most is None or first <= self.at_most)


class Sql(Criterion):
    """The query answers as expected. Rows are shown when they are what is too many."""

    kind: Literal["sql"] = "sql"
    query: Query
    expect: Expectation

    def check(self, world: World) -> Evidence:
        """Return what the query answered."""
        bounded = f"select * from (\n{strip_end(self.query)}\n) as answer limit {MOST_ROWS + 1}"  # noqa: S608 - checked
        with world.read_database() as connection:
            plain = connection.execution_options(no_parameters=True)
            rows = [tuple(row) for row in plain.exec_driver_sql(bounded)]
        first = rows[0][0] if rows and rows[0] else None
        figures = {"rows": len(rows)} | ({"value": _show(first)} if rows else {})
        told = f"{len(rows)} rows" if self.expect.rows is not None else repr(_show(first) if rows else "no row")
        if self.expect.fits(rows):
            return Evidence.passes(f"the query answers {told}", figures=figures)
        details = [" | ".join(str(value) for value in row) for row in rows]
        said = f"the query answers {told}, expected is {self.expect.describe()}"
        return Evidence.fails(ErrorClass.DATA, said, details=details, figures=figures)


def is_equal(there: object, wanted: Scalar) -> bool:
    """Return whether they are the same value: numbers by size, ``true`` only as ``true``, others as text.

    >>> is_equal(Decimal("2.0"), 2), is_equal(1, True), is_equal(None, None)
    (True, False, True)
    """
    if wanted is None or there is None:
        return there is wanted
    if isinstance(wanted, bool) or isinstance(there, bool):
        return there is wanted
    if isinstance(wanted, int | float):
        return isinstance(there, int | float | Decimal) and there == wanted
    return str(there) == wanted


def _show(value: object) -> float | int | str:
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int | float) else str(value)
