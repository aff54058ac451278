"""Check ``freshness``: a table, or a file, was changed recently."""

import time
from typing import Literal, Self

from pydantic import model_validator

from pokervod_pipelines.rollout.criteria.ages import find_age_problem, format_hours, measure_age
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import ColumnName, Glob, Hours, TableName
from pokervod_pipelines.rollout.criteria.result import CriterionResult, ErrorClass


class Freshness(Criterion):
    """Expect the newest time in the table's ``column``, or the newest file of ``path``, to be at most ``hours`` old."""

    kind: Literal["freshness"] = "freshness"
    hours: Hours
    table: TableName | None = None
    column: ColumnName | None = None
    path: Glob | None = None

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        if (self.table is None) == (self.path is None) or (self.table is None) != (self.column is None):
            message = "freshness needs either a table and its column, or a path"
            raise ValueError(message)
        return self

    def check(self, context: CheckContext) -> CriterionResult:
        """Return how old the newest time or file is."""
        what, age = self._measure(context)
        if age is None:
            return CriterionResult.fails(ErrorClass.DATA, f"the {what} is missing")
        figures = {"age_hours": round(age, 2)}
        if problem := find_age_problem(age, self.hours):
            return CriterionResult.fails(ErrorClass.DATA, f"{what} {problem}", figures=figures)
        return CriterionResult.passes(f"{what} is {format_hours(max(age, 0.0))} old", figures=figures)

    def _measure(self, context: CheckContext) -> tuple[str, float | None]:
        if self.table and self.column:
            with context.read_database() as connection:
                return f"newest {self.column} of {self.table}", measure_age(connection, self.table, self.column)
        newest = context.find_files(str(self.path))[-1:]
        ages = [(time.time() - path.stat().st_mtime) / 3600 for path in newest]
        return f"newest file {self.path}", ages[0] if ages else None
