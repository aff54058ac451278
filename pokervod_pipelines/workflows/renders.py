"""Render outputs of a broadcast day: what waits is rendered, what is finished is looked after, and how complete it is.

The queue does not need this: workers take what waits at once. It is how the work gets done with Dagster alone, and how
an operator sees it.
"""

import base64
import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.problems import Problem
from pokervod_pipelines.render.crew import IS_SERVED, count_alive
from pokervod_pipelines.render.listing import count_states
from pokervod_pipelines.render.outputs import store
from pokervod_pipelines.render.outputs.audit import KnownOutput, audit_outputs
from pokervod_pipelines.render.outputs.orphans import find_orphans, list_places
from pokervod_pipelines.render.outputs.publish import sweep_unfinished
from pokervod_pipelines.render.queue_store import find_owners
from pokervod_pipelines.render.states import Settlement
from pokervod_pipelines.render.worker.shift import work_shift
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.stage_result import StageResult, make_result
from pokervod_pipelines.workflows.stages import SyncRun

PREVIEWS = 6
MOST_WISHES = 3
SHOWN_MARGIN = timedelta(seconds=5)
"""A file made so shortly before a day was shown may have come after its pictures were read."""

FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=10)
"""Between a run that failed and the next that is asked for."""

LEFTOVER_SECONDS = 3_600.0
"""What a dead worker left unfinished is removed when it has not changed for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How much of what a day ought to have it has: premium hands with an instruction, instructions with a file."""

    hands: int
    hands_asked: int
    instructions: int
    completed: int

    @property
    def percent(self) -> float:
        """From hand to file, from 0 to 100: a hand without instruction counts as an instruction without file."""
        wanted = self.instructions + self.hands - self.hands_asked
        return 100.0 * self.completed / wanted if wanted else 100.0


def run_outputs_stage(run: SyncRun, day: date, *, also: Collection[date] = ()) -> StageResult:
    """Nothing of the day is due any more, what is finished was looked at, and leftovers of the dead are gone.

    Nothing of the days in ``also`` is due either; the report is of the day. Raises ``Unavailable`` where the folder of
    the graphics cannot be read.
    """
    started = time.monotonic()
    settled: list[Settlement] = []
    for each in (day, *also):
        work_shift(run.engine, run.settings, day=each, until_empty=True, tell=settled.append)
    problems = audit_day(run.engine, run.settings, day) | list_orphans(run.engine, run.settings, day)
    swept = sweep_leftovers(run.engine, run.settings)
    with run.engine.connect() as connection:
        states = count_states(connection, day)
        found = measure_completeness(connection, day)
        failed = _list_failures(connection, day)
    counts = {"rendered_now": sum(each.state == "completed" for each in settled)}
    counts |= {str(state): count for state, count in states.items()}  # the plain word: Dagster stores no other
    counts |= {
        "premium_hands": found.hands,
        "hands_with_instruction": found.hands_asked,
        "complete_percent": math.floor(found.percent),
        "leftovers_removed": swept,
    }
    shown = [*failed, *(Problem(where, what) for where, what in problems.items())]
    return make_result("outputs", str(day), time.monotonic() - started, counts, shown)


def audit_day(engine: Engine, settings: Settings, day: date | None = None) -> dict[str, str]:
    """What is wrong with the files of the day, or of all days, by path; it is kept with them.

    Raises ``OutputsUnavailable`` where the folder of the graphics is not there; then nothing is kept.
    """
    with engine.connect() as connection:
        known = {each.path: each for each in store.list_outputs(connection, day)}
    outputs = [
        KnownOutput(path=each.path, size_bytes=each.size_bytes, mtime_ns=each.mtime_ns, sha256=each.sha256)
        for each in known.values()
    ]
    problems = {each.output.path: each.text for each in audit_outputs(settings.renders, outputs)}
    with engine.begin() as connection:
        store.remember_audit(connection, {each.instruction_id: problems.get(path) for path, each in known.items()})
    return problems


def list_orphans(engine: Engine, settings: Settings, day: date) -> dict[str, str]:
    """The files of the day that are no finished graphic's, with what to do, by path; nothing is removed."""
    with engine.connect() as connection:
        places = list_places(settings.renders, store.list_unmade(connection, day))
        owned = find_owners(connection, places)
    return find_orphans(settings.renders, places, owned)


def sweep_leftovers(engine: Engine, settings: Settings) -> int:
    """What workers that died left unfinished is gone; returns how many files or folders."""
    if not settings.renders.is_dir():
        return 0
    with engine.connect() as connection:
        living = store.read_living_claims(connection)
    return len(sweep_unfinished(settings.renders, living, LEFTOVER_SECONDS))


def measure_completeness(connection: Connection, day: date | None = None) -> Completeness:
    """How complete the day is, or all days are; what was withdrawn or cancelled is not wanted.

    A premium hand whose graphic somebody cancelled was asked for all the same.
    """
    row = connection.execute(_COMPLETENESS, {"day": day}).one()
    return Completeness(**row._mapping)


_COMPLETENESS = text("""
    with wanted as (
        select * from render_instructions where superseded_by is null and withdrawn_at is null and state <> 'cancelled'
          and (cast(:day as date) is null or broadcast_day = :day)
    ), premium as (
        select h.id, exists (select from render_instructions i where i.hand_id = h.id
            and i.trigger_kind = 'premium_hand' and i.withdrawn_at is null) as is_asked from hands h
        where h.is_premium and not h.is_test and (cast(:day as date) is null or h.broadcast_day = :day)
    )
    select (select count(*) from premium) as hands, (select count(*) from premium where is_asked) as hands_asked,
           (select count(*) from wanted) as instructions,
           (select count(*) from wanted where state = 'completed') as completed
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


def show_previews(engine: Engine, day: date) -> str:
    """The newest pictures of the day, as Markdown that needs no other file; "" where there is none."""
    with engine.connect() as connection:
        rows = connection.execute(_PREVIEWS, {"day": day, "limit": PREVIEWS}).all()
    return "\n".join(
        f"{row.template} {row.id}: ![](data:image/jpeg;base64,{base64.b64encode(row.preview).decode()})" for row in rows
    )


_PREVIEWS = text("""
    select r.id, r.template, o.preview from render_outputs o join render_instructions r on r.id = o.instruction_id
    where r.broadcast_day = :day and o.preview is not null order by o.made_at desc, r.id desc limit :limit
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNews:
    """What the sensor of the queue looks at.

    ``unserved`` are the days with graphics that are due, not paused, and of a renderer and a day for which no worker
    lives, and how many; ``alive`` counts the workers. ``finished`` are the days with files made lately and nothing at
    work any more, with when the newest was made.
    """

    unserved: Mapping[date, int]
    alive: int
    finished: Mapping[date, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A day to be materialized, and why."""

    day: date
    reason: str


def read_queue_news(connection: Connection, renderers: Sequence[str]) -> QueueNews:
    """What waits in vain for one of the renderers, and the days of which something was finished within a day."""
    unserved = connection.execute(_UNSERVED, {"renderers": [*renderers]}).all()
    finished = connection.execute(_FINISHED).all()
    return QueueNews(
        unserved={row[0]: row[1] for row in unserved},
        alive=count_alive(connection),
        finished={row[0]: row[1] for row in finished},
    )


_UNSERVED = text(f"""
    select broadcast_day, count(*) from render_instructions r
    where state = 'pending' and renderer = any(:renderers) and due_at <= now() and not {IS_SERVED}
      and not exists (select from render_pauses p where (p.until is null or p.until > now())
          and p.scope in ('all', 'renderer:' || r.renderer, 'template:' || r.template))
    group by 1 order by min(rank)
""")  # noqa: S608 - constants

_FINISHED = text("""
    select r.broadcast_day, max(o.made_at) from render_outputs o join render_instructions r on r.id = o.instruction_id
    where o.made_at > now() - interval '1 day'
      and not exists (select from render_instructions w where w.broadcast_day = r.broadcast_day
          and w.state in ('pending', 'processing') and w.due_at <= now())
    group by 1 order by 2
""")


def decide_days(news: QueueNews, shown: Mapping[date, datetime | None]) -> list[Wish]:
    """Return the days to materialize, at most ``MOST_WISHES``.

    First those where work waits and no worker lives, then those with files made since they were ``shown`` last; it has
    every day that can be shown, and None for one that never was.
    """
    wishes = [
        Wish(day=day, reason=f"{count} graphics wait and no worker lives") for day, count in news.unserved.items()
    ]
    for day, last in shown.items():
        made = news.finished.get(day)
        is_news = made is not None and (last is None or made > last - SHOWN_MARGIN)
        if is_news and day not in news.unserved:
            wishes.append(Wish(day=day, reason="its graphics are finished"))
    return wishes[:MOST_WISHES]


def find_next_try(failed: Sequence[datetime]) -> datetime | None:
    """Return when to ask again after the runs that failed in a row and ended then, newest first; None if none did.

    The rest lasts as long as runs have been failing by then, so each is twice the one before, within limits.
    """
    if not failed:
        return None
    return failed[0] + min(LONGEST_REST, max(FIRST_REST, failed[0] - failed[-1]))
