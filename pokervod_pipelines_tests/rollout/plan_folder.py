"""Write small plans whose weeks pass where a file exists, and fail where it is missing."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine, text

from pokervod_pipelines.rollout.plans import find_plan
from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.settings import Settings

TABLE = {"kind": "database_table", "name": "hands_table", "table": "hands", "columns": {"id": "bigint"}}
QUERY = {"kind": "sql", "name": "one_is_one", "query": "select 1", "expect": {"value": 1}}


def describe_week(number: int, plan: str = "demo") -> dict[str, Any]:
    """Return a week whose ``proof`` is a file; the second one also checks the database."""
    proof = {"kind": "file", "name": "proof", "description": "It is proven.", "path": f"{plan}_{number}.txt"}
    return {
        "number": number,
        "title": f"Part {number}",
        "summary": f"Part {number} is proven.",
        "criteria": [proof, *([TABLE, QUERY] if number == 2 else [])],
    }


@dataclass(kw_only=True)
class PlanFolder:
    """Hold a folder with plans, the database of their rollouts, and settings with both."""

    engine: Engine
    folder: Path
    given: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, Any] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    plans: list[Path] = field(default_factory=list)

    def write(self, name: str = "demo", weeks: int | list[dict[str, Any]] = 4, **head: object) -> Path:
        """Write the plan and add it to the settings, with that many weeks or these; ``head`` replaces its keys."""
        values = {
            "name": name,
            "title": f"The {name} rollout",
            "starts": "2020-01-06",
            "wait_seconds": 3600.0,
            "weeks": [describe_week(each, name) for each in range(1, weeks + 1)] if isinstance(weeks, int) else weeks,
            "fixers": [{"kind": "apply_migrations", "on": ["schema"]}],
        } | head
        path = self.folder / f"{name}.yaml"
        values["starts"] = date.fromisoformat(str(values["starts"]))
        path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
        if path not in self.plans:
            self.plans.append(path)
        return path

    def prove(self, *weeks: int, plan: str = "demo") -> None:
        """Write the files that these weeks require."""
        for week in weeks:
            (self.folder / f"{plan}_{week}.txt").write_text("done", encoding="utf-8")

    @property
    def settings(self) -> Settings:
        """Return the present settings."""
        return Settings.model_validate({"home": self.folder / "home", "alert_urls": self.urls, **self.sections})

    @property
    def sections(self) -> dict[str, Any]:
        """Return the sections of ``pokervod.yaml``."""
        rollout = {"plans": [str(path) for path in self.plans], **self.given}
        return {"rollout": rollout, "alerts": self.alerts}

    def write_settings(self) -> None:
        """Write the settings for a command that starts in the folder."""
        (self.folder / "pokervod.yaml").write_text(json.dumps(self.sections), encoding="utf-8")

    def rollout(self, plan: str | None = None) -> Rollout:
        return Rollout(engine=self.engine, settings=self.settings, plan=find_plan(self.settings, plan))

    def record(self, plan: str | None = None) -> RolloutRecord:
        return self.rollout(plan).read()

    def states(self, plan: str | None = None) -> list[str]:
        """Return the state of each week."""
        return [week.state.value for week in self.record(plan).weeks]

    def attempts(self, plan: str | None = None) -> list[tuple[int, bool | None]]:
        """Return week and result of every attempt."""
        return [(each.week, each.passed) for each in self.record(plan).attempts]

    def execute(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows of the query, or none."""
        with self.engine.begin() as connection:
            result = connection.execute(text(query), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def end_wait(self) -> None:
        """Make every waiting week due."""
        self.execute("update rollout_weeks set next_try_at = now() - interval '1 second' where next_try_at is not null")

    def dump(self) -> dict[str, list[str]]:
        """Return every row of every table."""
        tables = self.execute("select table_name from information_schema.tables where table_schema = 'public'")
        return {name: sorted(str(row) for row in self.execute(f'select * from "{name}"')) for (name,) in sorted(tables)}
