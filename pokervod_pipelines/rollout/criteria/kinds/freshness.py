"""``freshness``: a table, or a file, was changed not long ago."""

import time
from typing import Literal, Self

from pydantic import model_validator

from pokervod_pipelines.rollout.criteria.ages import find_age_fault, tell_hours
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence
from pokervod_pipelines.rollout.criteria.fields import ColumnName, Glob, Hours, TableName
from pokervod_pipelines.rollout.criteria.rows import measure_age
from pokervod_pipelines.rollout.criteria.world import World


class Freshness(Criterion):
    """The newest time in the table's ``column``, or the newest file of ``path``, is at most ``hours`` old."""

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

    def check(self, world: World) -> Evidence:
        """Return how old the newest is."""
        what, age = self._measure(world)
        if age is None:
            return Evidence.fails(ErrorClass.DATA, f"there is no {what}")
        figures = {"age_hours": round(age, 2)}
        if fault := find_age_fault(age, self.hours):
            return Evidence.fails(ErrorClass.DATA, f"{what} {fault}", figures=figures)
        return Evidence.passes(f"{what} is {tell_hours(max(age, 0.0))} old", figures=figures)

    def _measure(self, world: World) -> tuple[str, float | None]:
        if self.table and self.column:
            with world.read_database() as connection:
                return f"newest {self.column} of {self.table}", measure_age(connection, self.table, self.column)
        newest = world.find_files(str(self.path))[-1:]
        ages = [(time.time() - path.stat().st_mtime) / 3600 for path in newest]
        return f"newest file {self.path}", ages[0] if ages else None
