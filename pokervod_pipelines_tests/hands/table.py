"""Provide a table that drops session files, and the database they are imported into."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.hands.imports import ImportReport, import_hands
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.events.rewriting import rewrite_log

STATE = """
    select h.session_id, h.started_at, h.table_name, h.broadcast_day, h.source, h.grade, h.is_premium, h.is_test,
           h.best_category, h.best_rank, h.pot, h.winners, h.content, h.weight, h.digest, s.event_title, s.is_test,
           s.started_at, s.hands_reported, s.hands_broken,
           (select array_agg(f.code order by f.position) from hand_findings f where f.hand_id = h.id)
    from hands h join hand_sessions s using (session_id) order by 1, 2
"""
"""Everything that the files decide; ids and times are the database's."""


@dataclass(frozen=True)
class Table:
    """Hold the folders: ``drop`` is a drop folder, ``elsewhere`` is not."""

    engine: Engine
    settings: Settings
    drop: Path
    elsewhere: Path

    def write(self, raw: bytes, name: str = "s.json", *, elsewhere: bool = False) -> Path:
        file = (self.elsewhere if elsewhere else self.drop) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
        return file

    def take(self, *paths: Path) -> ImportReport:
        return import_hands(self.engine, self.settings, paths or [self.drop], correlation_id="test")

    def ask(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def list_state(self) -> list[str]:
        return [json.dumps(row, default=str, sort_keys=True) for row in self.ask(STATE)]

    def count_events(self) -> dict[str, int]:
        return dict(self.ask("select type, count(*) from events group by 1"))

    def forget(self) -> None:
        with self.engine.begin() as connection:
            rewrite_log(connection, "truncate hands, hand_sessions, hand_files, events cascade")


@pytest.fixture
def table(engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path) -> Table:
    drop, elsewhere = tmp_path / "table-7", tmp_path / "elsewhere"
    drop.mkdir()
    elsewhere.mkdir()
    return Table(engine, settings_factory(hands={"drop_folders": [str(drop)]}), drop, elsewhere)
