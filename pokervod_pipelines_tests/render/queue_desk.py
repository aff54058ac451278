"""A queue to try things on: graphics asked for by the dozen, workers that are only names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from pokervod_pipelines.render import queue
from pokervod_pipelines.render.queue import Failed, Made
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.states import Held, Settlement, State
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_maker import name_output

LIMITS = RenderQueueSettings(retry_seconds=0)


@dataclass(kw_only=True)
class QueueDesk:
    """A database and the limits of its queue."""

    engine: Engine
    limits: RenderQueueSettings = LIMITS
    published: list[int] = field(default_factory=list)

    def execute(self, sql: str, **parameters: Any) -> list[Any]:
        """Run one statement in a transaction of its own and return what it gives."""
        from sqlalchemy import text

        with self.engine.begin() as connection:
            result = connection.execute(text(sql), parameters)
            return list(result.all()) if result.returns_rows else []

    def ask(self, count: int = 1, **columns: Any) -> list[int]:
        """So many graphics are asked for, one after the other; returns their ids."""
        values = {"template": "elimination", "priority": 5, "renderer": "local", "minutes_ago": 0.0} | columns
        return [self._ask_one(values) for _ in range(count)]

    def _ask_one(self, values: dict[str, Any]) -> int:
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

    def take(self, most: int = 1, *, worker: str = "w1", renderer: str = "local") -> list[Claim]:
        """The worker claims."""
        return queue.claim(self.engine, self.limits, worker=worker, renderer=renderer, most=most)

    def take_one(self, **columns: Any) -> Held:
        """One is asked for and taken."""
        self.ask(**{key: value for key, value in columns.items() if key != "worker"})
        (claim,) = self.take(worker=columns.get("worker", "w1"), renderer=columns.get("renderer", "local"))
        return claim.held

    def finish(self, *held: Held) -> list[Settlement]:
        """What is held was made."""
        made = [
            Made(held=each, facts=name_output(each), publish=lambda each=each: self.published.append(each.id))
            for each in held
        ]
        return list(queue.settle_all(self.engine, self.limits, made).values())

    def fail(self, held: Held, error: BaseException) -> Settlement | None:
        """What is held could not be made."""
        return queue.settle_all(self.engine, self.limits, failed=[Failed(held=held, error=error)]).get(held.claim_id)

    def states(self) -> dict[int, str]:
        """The state of every instruction, by id."""
        return {row[0]: row[1] for row in self.execute("select id, state from render_instructions order by id")}

    def row(self, instruction_id: int) -> Any:
        """The instruction as it is stored."""
        return self.execute("select * from render_instructions where id = :id", id=instruction_id)[0]

    def end_lease(self, *ids: int) -> None:
        """The workers of these instructions were silent for too long."""
        self.execute(
            "update render_instructions set lease_until = now() - interval '1 second' where id = any(:ids)", ids=[*ids]
        )

    def events(self) -> list[tuple[str, int]]:
        """The type and the instruction of every event of the queue, in order."""
        rows = self.execute("""
            select type, (payload ->> 'instruction_id')::bigint from events where source = 'render' order by id
        """)
        return [(row[0].removeprefix("render."), row[1]) for row in rows]


def ids_of(claims: Sequence[Claim]) -> list[int]:
    """Return the instructions of these claims, in their order."""
    return [claim.held.id for claim in claims]


def is_completed(settlements: Sequence[Settlement]) -> bool:
    """Whether one was settled, and it is completed."""
    return [each.state for each in settlements] == [State.COMPLETED]
