"""Fill the queue of a test database with graphics, and play workers that are only names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from pokervod_pipelines.render import queue
from pokervod_pipelines.render.queue import FailedRender, FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.states import Job, State, Transition
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_pipeline import make_output_facts

LIMITS = RenderQueueSettings(retry_seconds=0)


@dataclass(kw_only=True)
class QueueDatabase:
    """Hold a database and the limits of its queue."""

    engine: Engine
    limits: RenderQueueSettings = LIMITS
    published: list[int] = field(default_factory=list)

    def execute(self, sql: str, **parameters: Any) -> list[Any]:
        """Run one statement in a transaction of its own and return what it gives."""
        from sqlalchemy import text

        with self.engine.begin() as connection:
            result = connection.execute(text(sql), parameters)
            return list(result.all()) if result.returns_rows else []

    def request(self, count: int = 1, **columns: Any) -> list[int]:
        """Request so many graphics, one after the other, and return their ids."""
        values = {"template": "elimination", "priority": 5, "renderer": "local", "minutes_ago": 0.0} | columns
        return [self._request_one(values) for _ in range(count)]

    def _request_one(self, values: dict[str, Any]) -> int:
        rows = self.execute(
            """
            insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day,
                by, renderer, priority, created_at)
            select :template, '{}', '{}', '', 'person', gen_random_uuid()::text, '2031-05-04', 'eva', :renderer,
                :priority, clock_timestamp() - :minutes_ago * interval '1 minute' returning id
            """,
            **values,
        )
        return int(rows[0][0])

    def claim(self, limit: int = 1, *, worker: str = "w1", renderer: str = "local") -> list[ClaimedJob]:
        """Claim jobs for the worker."""
        return queue.claim_jobs(self.engine, self.limits, worker=worker, renderer=renderer, limit=limit)

    def claim_one(self, **columns: Any) -> Job:
        """Request a graphic and claim it."""
        self.request(**{key: value for key, value in columns.items() if key != "worker"})
        (job,) = self.claim(worker=columns.get("worker", "w1"), renderer=columns.get("renderer", "local"))
        return job

    def finish(self, *jobs: Job) -> list[Transition]:
        """Record that the jobs were rendered."""
        finished = [
            FinishedRender(job=job, facts=make_output_facts(job), publish=lambda job=job: self.published.append(job.id))
            for job in jobs
        ]
        return list(queue.record_results(self.engine, self.limits, finished).values())

    def fail(self, job: Job, error: BaseException) -> Transition | None:
        """Record that the job failed."""
        failed = [FailedRender(job=job, error=error)]
        return queue.record_results(self.engine, self.limits, failed=failed).get(job.claim_id)

    def states(self) -> dict[int, str]:
        """Return the state of every instruction, by id."""
        return {row[0]: row[1] for row in self.execute("select id, state from render_instructions order by id")}

    def row(self, instruction_id: int) -> Any:
        """Return the row of the instruction."""
        return self.execute("select * from render_instructions where id = :id", id=instruction_id)[0]

    def expire_lease(self, *ids: int) -> None:
        """Let the leases of these instructions expire."""
        self.execute(
            "update render_instructions set lease_until = now() - interval '1 second' where id = any(:ids)", ids=[*ids]
        )

    def events(self) -> list[tuple[str, int]]:
        """Return the type and the instruction of every event of the queue, in order."""
        rows = self.execute("""
            select type, (payload ->> 'instruction_id')::bigint from events where source = 'render' order by id
        """)
        return [(row[0].removeprefix("render."), row[1]) for row in rows]


def ids_of(jobs: Sequence[ClaimedJob]) -> list[int]:
    """Return the instructions of these jobs, in their order."""
    return [job.id for job in jobs]


def is_completed(transitions: Sequence[Transition]) -> bool:
    """Return whether there is one transition, and it is to completed."""
    return [each.state for each in transitions] == [State.COMPLETED]
