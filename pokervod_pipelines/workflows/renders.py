"""Render the pending graphics of a broadcast day, check the finished ones, and measure how complete the day is.

The queue does not need this: workers claim pending graphics at once. It does the work where only Dagster runs, and
shows it to an operator.
"""

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.problems import Problem
from pokervod_pipelines.render.listing import count_states
from pokervod_pipelines.render.outputs import store
from pokervod_pipelines.render.outputs.audit import KnownOutput, audit_outputs, find_orphans, list_expected_paths
from pokervod_pipelines.render.outputs.publish import sweep_unfinished
from pokervod_pipelines.render.queue_store import find_output_owners
from pokervod_pipelines.render.states import Transition
from pokervod_pipelines.render.workers import HAS_WORKER, count_available
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.markdown import embed_image
from pokervod_pipelines.workflows.stage_log import log_stage
from pokervod_pipelines.workflows.stage_result import StageResult, make_result
from pokervod_pipelines.workflows.stages import SyncRun

PREVIEWS = 6
MAX_REQUESTS = 3
SHOWN_MARGIN = timedelta(seconds=5)
"""A file made this shortly before a materialization may be missing in its previews."""

MIN_DELAY, MAX_DELAY = timedelta(seconds=30), timedelta(minutes=10)
"""Between a failed run and the next request."""

LEFTOVER_SECONDS = 3_600.0
"""Unfinished files of a dead worker are removed when they have not changed for this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Count what a day should have and has: premium hands with an instruction, instructions with a file."""

    hands: int
    hands_requested: int
    instructions: int
    completed: int

    @property
    def percent(self) -> float:
        """Return the share from 0 to 100; a hand without instruction counts as an instruction without file."""
        expected = self.instructions + self.hands - self.hands_requested
        return 100.0 * self.completed / expected if expected else 100.0


@log_stage("outputs", "render")
def run_outputs_stage(run: SyncRun, day: date, *, also: Collection[date] = ()) -> StageResult:
    """Render everything due of the day and of the days in ``also``, check the finished files, delete leftovers.

    The result describes the day alone. Raises ``Unavailable`` where the outputs folder cannot be read.
    """
    from pokervod_pipelines.render.worker.run import run_worker  # noqa: PLC0415 - loads the renderers

    started = time.monotonic()
    transitions: list[Transition] = []
    for each in (day, *also):
        run_worker(run.engine, run.settings, day=each, until_empty=True, on_transition=transitions.append)
    problems = audit_day(run.engine, run.settings, day) | list_orphans(run.engine, run.settings, day)
    swept = sweep_leftovers(run.engine, run.settings)
    with run.engine.connect() as connection:
        states = count_states(connection, day)
        found = measure_completeness(connection, day)
        failed = _list_failures(connection, day)
    counts = {"rendered_now": sum(each.state == "completed" for each in transitions)}
    counts |= {str(state): count for state, count in states.items()}  # a plain str: Dagster stores no other
    counts |= {
        "premium_hands": found.hands,
        "hands_with_instruction": found.hands_requested,
        "complete_percent": math.floor(found.percent),
        "leftovers_removed": swept,
    }
    shown = [*failed, *(Problem(where, what) for where, what in problems.items())]
    return make_result("outputs", str(day), time.monotonic() - started, counts, shown)


def audit_day(engine: Engine, settings: Settings, day: date | None = None) -> dict[str, str]:
    """Check the files of the day, or of all days; store their problems and return them by path.

    Raises ``OutputsUnavailable`` where the outputs folder is missing; then nothing is stored.
    """
    with engine.connect() as connection:
        known = {each.path: each for each in store.list_outputs(connection, day)}
    outputs = [
        KnownOutput(path=each.path, size_bytes=each.size_bytes, mtime_ns=each.mtime_ns, sha256=each.sha256)
        for each in known.values()
    ]
    problems = {each.output.path: each.text for each in audit_outputs(settings.renders, outputs)}
    with engine.begin() as connection:
        store.record_audit(connection, {each.instruction_id: problems.get(path) for path, each in known.items()})
    return problems


def list_orphans(engine: Engine, settings: Settings, day: date) -> dict[str, str]:
    """List the files of the day that belong to no finished graphic, with what to do, by path; delete nothing."""
    with engine.connect() as connection:
        places = list_expected_paths(settings.renders, store.list_unrendered(connection, day))
        owned = find_output_owners(connection, places)
    return find_orphans(settings.renders, places, owned)


def sweep_leftovers(engine: Engine, settings: Settings) -> int:
    """Delete what dead workers left unfinished, and return how many files or folders."""
    if not settings.renders.is_dir():
        return 0
    with engine.connect() as connection:
        living = store.list_active_claims(connection)
    return len(sweep_unfinished(settings.renders, living, LEFTOVER_SECONDS))


def measure_completeness(connection: Connection, day: date | None = None) -> Completeness:
    """Measure how complete the day is, or all days are; withdrawn and cancelled instructions do not count.

    A premium hand whose graphic was cancelled counts as requested.
    """
    row = connection.execute(_COMPLETENESS, {"day": day}).one()
    return Completeness(**row._mapping)


_COMPLETENESS = text("""
    with expected as (
        select * from render_instructions where superseded_by is null and withdrawn_at is null and state <> 'cancelled'
          and (cast(:day as date) is null or broadcast_day = :day)
    ), premium as (
        select h.id, exists (select from render_instructions i where i.hand_id = h.id
            and i.trigger_kind = 'premium_hand' and i.withdrawn_at is null) as is_requested from premium_hands h
        where h.is_shown and (cast(:day as date) is null or h.broadcast_day = :day)
    )
    select (select count(*) from premium) as hands,
           (select count(*) from premium where is_requested) as hands_requested,
           (select count(*) from expected) as instructions,
           (select count(*) from expected where state = 'completed') as completed
""")


def _list_failures(connection: Connection, day: date) -> list[Problem]:
    rows = connection.execute(
        text("""
            select id, template, state, reason from render_instructions
            where broadcast_day = :day and state in ('failed', 'timed_out') and superseded_by is null
              and withdrawn_at is null order by id desc
        """),
        {"day": day},
    )
    return [Problem(where=f"instruction {row.id} ({row.template})", what=f"{row.state}: {row.reason}") for row in rows]


def embed_previews(engine: Engine, day: date, zone: ZoneInfo) -> str:
    """Return the newest previews of the day as Markdown, each with what it shows; "" where there is none."""
    with engine.connect() as connection:
        rows = connection.execute(_PREVIEWS, {"day": day, "zone": str(zone), "limit": PREVIEWS}).all()
    return "\n\n".join(
        embed_image(row.preview, f"{row.template} {row.id}", row.player, row.programme, row.hand) for row in rows
    )


_PREVIEWS = text("""
    select r.id, r.template, o.preview, r.layers ->> 'player' as player,
           coalesce(r.layers ->> 'event', r.layers ->> 'heading', nullif(s.event_title, ''), h.table_name) as programme,
           'hand #' || h.hand_number || to_char(h.started_at at time zone :zone, ' "at" HH24:MI:SS') as hand
    from render_outputs o join render_instructions r on r.id = o.instruction_id
    left join hands h on h.id = r.hand_id left join hand_sessions s on s.session_id = h.session_id
    where r.broadcast_day = :day and o.preview is not null order by o.made_at desc, r.id desc limit :limit
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """Describe the queue for its sensor.

    ``unserved`` counts, by day, graphics that are due and not paused and whose renderer has no live worker for that
    day; ``alive`` counts the workers. ``finished`` has the days with new files and nothing pending or running, with
    the time of the newest file.
    """

    unserved: Mapping[date, int]
    alive: int
    finished: Mapping[date, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRequest:
    """Request the materialization of a day, and give the reason."""

    day: date
    reason: str


def read_queue_state(connection: Connection, renderers: Sequence[str]) -> QueueState:
    """Read what no worker serves of these renderers, and the days with a file made within the last 24 hours."""
    unserved = connection.execute(_UNSERVED, {"renderers": [*renderers]}).all()
    finished = connection.execute(_FINISHED).all()
    return QueueState(
        unserved={row[0]: row[1] for row in unserved},
        alive=count_available(connection),
        finished={row[0]: row[1] for row in finished},
    )


_UNSERVED = text(f"""
    select broadcast_day, count(*) from render_instructions r
    where state = 'pending' and renderer = any(:renderers) and due_at <= now() and not {HAS_WORKER}
      and (held_until is null or held_until <= now())
      and not exists (select from render_pauses p where (p.until is null or p.until > now())
          and p.scope in ('all', 'renderer:' || r.renderer, 'template:' || r.template))
    group by 1 order by min(rank)
""")  # noqa: S608 - constants

_FINISHED = text("""
    select r.broadcast_day, max(o.made_at) from render_outputs o join render_instructions r on r.id = o.instruction_id
    where o.made_at > now() - interval '1 day'
      and not exists (select from render_instructions w where w.broadcast_day = r.broadcast_day
          and w.state in ('pending', 'processing') and w.due_at <= now()
          and (w.state = 'processing' or w.held_until is null or w.held_until <= now()))
    group by 1 order by 2
""")


def decide_days(queue: QueueState, materialized: Mapping[date, datetime | None]) -> list[DayRequest]:
    """Return the days to materialize, at most ``MAX_REQUESTS``.

    First those with pending graphics and no live worker, then those with files made since they were ``materialized``
    last; it has every day that is a partition, and None for one that never was.
    """
    requests = [
        DayRequest(day=day, reason=f"{count} graphics are pending and no worker is alive")
        for day, count in queue.unserved.items()
    ]
    for day, last in materialized.items():
        made = queue.finished.get(day)
        is_new = made is not None and (last is None or made > last - SHOWN_MARGIN)
        if is_new and day not in queue.unserved:
            requests.append(DayRequest(day=day, reason="its graphics are finished"))
    return requests[:MAX_REQUESTS]


def find_next_attempt(failed: Sequence[datetime]) -> datetime | None:
    """Return when to request the next run, from the ends of the runs that failed in a row, newest first; None if none.

    The delay lasts as long as runs have been failing, so each is twice the one before, within limits.
    """
    if not failed:
        return None
    return failed[0] + min(MAX_DELAY, max(MIN_DELAY, failed[0] - failed[-1]))
