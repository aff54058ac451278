"""Build a broadcast day with small graphics that can really be rendered, and with their files."""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pokervod_pipelines.render import queue
from pokervod_pipelines.render.outputs.digest import hash_output, stat_output
from pokervod_pipelines.render.queue import FinishedRender
from pokervod_pipelines.render.states import Job
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.render.idle_pipeline import make_output_facts
from pokervod_pipelines_tests.render.queue_database import QueueDatabase

DAY = date(2026, 1, 5)
SMALL = {"format": "mov_alpha", "width": 384, "height": 216, "fps": 10, "seconds": 0.5, "path": "{day}/{template}_{id}"}


@dataclass(kw_only=True)
class RenderDay(QueueDatabase):
    """Drive a queue of complete instructions and its outputs folder."""

    settings: Settings

    def request_for(self, *players: str, day: date = DAY, **columns: Any) -> list[int]:
        """Request the elimination of each player, one after the other, and return the ids."""
        return [self._request_for_one(player, {"day": day, **columns}) for player in players]

    def _request_for_one(self, player: str, columns: dict[str, Any]) -> int:
        layers = columns.pop("layers", {"player": player, "place": "9th"})
        values = {"renderer": "local", "template": "elimination", "hand_id": None, "trigger_kind": "person"} | columns
        rows = self.execute(
            """
            insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day,
                by, renderer, reason, hand_id)
            values (:template, cast(:layers as jsonb), cast(:output as jsonb), '', :trigger_kind,
                gen_random_uuid()::text, :day, 'eva', :renderer, 'on air', :hand_id) returning id
            """,
            layers=json.dumps(layers),
            output=json.dumps(SMALL),
            **values,
        )
        return int(rows[0][0])

    def request_unrenderable(self, *players: str, day: date = DAY) -> list[int]:
        """Request graphics that no worker can render, since a required layer is missing."""
        return self.request_for(*players, day=day, layers={})

    def make_file(self, player: str = "Ana", day: date = DAY) -> Path:
        """Request a graphic and complete it with a file that is no image; return its path."""
        self.request_for(player, day=day)
        (job,) = self.claim()
        path = self.settings.renders / f"{job.id}.mov"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(player.encode() * 100)
        self.finish_as(job, path)
        return path

    def finish_as(self, job: Job, path: Path) -> None:
        """Complete the claimed job with this file."""
        measure = stat_output(path)
        facts = replace(
            make_output_facts(job),
            path=path.name,
            size_bytes=measure.size_bytes,
            mtime_ns=measure.mtime_ns,
            sha256=hash_output(path),
        )
        queue.record_results(self.engine, self.limits, [FinishedRender(job=job, facts=facts, publish=lambda: None)])

    def register_worker(self, name: str, *renderers: str) -> None:
        """Register a live worker of these renderers."""
        self.execute(
            "insert into render_workers (name, host, pid, renderers) values (:name, 'pipeline', 1, :renderers)",
            name=name,
            renderers=[*renderers],
        )
