"""Check ``sql``: one reading query returns the expected rows. It runs READ ONLY, limited in time and rows."""

import math
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import Scalar
from pokervod_pipelines.rollout.criteria.result import CriterionResult, ErrorClass
from pokervod_pipelines.rollout.criteria.select_only import read_query

MAX_ROWS = 1000


def _check_query(text: str) -> str:
    read_query(text)
    return text


Query = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_check_query)]


class Expectation(BaseModel):
    """Describe the expected answer: its first value, or bounds of it, or the number of ``rows``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    value: Scalar = None
    at_least: float | None = None
    at_most: float | None = None
    rows: int | None = Field(default=None, ge=0, le=MAX_ROWS)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = self.model_fields_set
        if empty := sorted(name for name in given - {"value"} if getattr(self, name) is None):
            message = f"{empty[0]}: expected a number, got nothing"
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
        """Return whether the rows are as expected."""
        if self.rows is not None:
            return len(rows) == self.rows
        first = rows[0][0] if rows else None
        if "value" in self.model_fields_set:
            return is_equal(first, self.value)
        if isinstance(first, bool) or not isinstance(first, int | float | Decimal) or math.isnan(first):
            return False
        return (self.at_least is None or first >= self.at_least) and (self.at_most is None or first <= self.at_most)


class Sql(Criterion):
    """Run the query and compare what it returns with ``expect``."""

    kind: Literal["sql"] = "sql"
    query: Query
    expect: Expectation

    def check(self, context: CheckContext) -> CriterionResult:
        """Return whether the query returned what is expected, with its rows as evidence if not."""
        bounded = f"select * from (\n{read_query(self.query)}\n) as answer limit {MAX_ROWS + 1}"  # noqa: S608 - checked
        with context.read_database() as connection:
            plain = connection.execution_options(no_parameters=True)
            rows = [tuple(row) for row in plain.exec_driver_sql(bounded)]
        first = rows[0][0] if rows and rows[0] else None
        figures = {"rows": len(rows)} | ({"value": _show(first)} if rows else {})
        answer = f"{len(rows)} rows" if self.expect.rows is not None else repr(_show(first) if rows else "no row")
        if self.expect.fits(rows):
            return CriterionResult.passes(f"the query returns {answer}", figures=figures)
        evidence = [" | ".join(str(value) for value in row) for row in rows]
        message = f"the query returns {answer}, expected {self.expect.describe()}"
        return CriterionResult.fails(ErrorClass.DATA, message, evidence=evidence, figures=figures)


def is_equal(found: object, expected: Scalar) -> bool:
    """Return whether both are the same value: compare numbers by size, ``true`` only with ``true``, others as text.

    >>> is_equal(Decimal("2.0"), 2), is_equal(1, True), is_equal(None, None)
    (True, False, True)
    """
    if expected is None or found is None:
        return found is expected
    if isinstance(expected, bool) or isinstance(found, bool):
        return found is expected
    if isinstance(expected, int | float):
        return isinstance(found, int | float | Decimal) and found == expected
    return str(found) == expected


def _show(value: object) -> float | int | str:
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int | float) else str(value)
