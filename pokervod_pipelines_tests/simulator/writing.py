"""Write a moment of a simulated day into a real database, as the system itself would have left it."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.monitoring.detectors.facts import DagsterFacts, Unread
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.simulator.floor import Floor
from pokervod_pipelines_tests.simulator.jobs import Instruction
from pokervod_pipelines_tests.simulator.plan import HOUR
from pokervod_pipelines_tests.simulator.world import World

Row = Mapping[str, Any]


def write_moment(connection: Connection, world: World, at: float, settings: Settings) -> None:
    """Insert all that the detectors read of this moment, up to which the world has run."""
    days = BroadcastDays(settings.zone, settings.hands.day_starts_at)
    connection.execute(text("alter table render_instructions disable trigger guard_render_instruction"))
    _write_hands(connection, world, at, days)
    _write_queue(connection, world.floor, days)
    connection.execute(text("alter table render_instructions enable trigger guard_render_instruction"))
    _write_sources(connection, world, at)
    _write_plant(connection, world, at)


class KnownOrchestrator:
    """Tell of Dagster what the simulated plant has: a ``monitoring.detectors.reading.DetectorOrchestrator``."""

    def __init__(self, dagster: DagsterFacts) -> None:
        self.dagster = dagster

    def read_heartbeats(self) -> Mapping[str, datetime]:
        """Return when each part of the daemon lived."""
        return self.dagster.heartbeats

    def read_sensors(self) -> Any:
        """Return the sensors."""
        return self.dagster.sensors

    def read_in_progress(self, now: datetime) -> Any:
        """Return the runs in progress."""
        return self.dagster.runs

    def read_runs(self, since: datetime, until: datetime) -> Mapping[str, Any]:
        """Return the figures of runs that ended: no detector asks for them."""
        return {}


def _insert(connection: Connection, statement: str, rows: Iterable[Row]) -> None:
    if listed := [*rows]:
        connection.execute(text(statement), listed)


def _write_hands(connection: Connection, world: World, at: float, days: BroadcastDays) -> None:
    """Insert the shows, their hands, and for each premium one that is no orphan its graphic."""
    moment, orphans = world.plan.moment, {came for came, until in world.arrivals.orphans if at < until}
    premium, sessions, slots, hands = {*world.arrivals.premium}, [], [], []
    for number, show in enumerate(world.plan.shows, 1):
        day = days.find_day(moment(show.begins))
        slots.append(
            {
                "starts_at": moment(show.begins),
                "ends_at": moment(show.ends),
                "channel": show.channel,
                "title": show.title,
                "day": day,
                "seen_at": moment(-3 * HOUR),
            }
        )
        sessions.append({"id": number, "day": day, "at": moment(show.begins)})
        for order, came in enumerate(each for each in world.arrivals.by_show[number - 1] if each <= at):
            hands.append(
                {
                    "session": number,
                    "number": order,
                    "day": day,
                    "at": moment(came),
                    "started": moment(came) - timedelta(seconds=90),
                    "premium": came in premium,
                    "orphan": came in orphans,
                }
            )
    # Of the evening before one hand is known.
    evening = moment(-12 * HOUR)
    sessions.append({"id": 99, "day": days.find_day(evening), "at": evening})
    before = {"session": 99, "number": 1, "day": days.find_day(evening), "at": evening, "started": evening}
    hands.append({**before, "premium": False, "orphan": False})
    _insert(connection, _SLOT, slots)
    _insert(connection, _SESSION, sessions)
    _insert(connection, _HAND, hands)
    connection.execute(_OF_HANDS)


def _write_queue(connection: Connection, floor: Floor, days: BroadcastDays) -> None:
    """Insert the instructions made so far, what happened to them in the last hours, and the depth of the queue."""
    moment = floor.plan.moment
    ended = {job.id: at for at, what, job in floor.log if what != "started"}
    jobs = {job.id: job for _, _, job in floor.log} | floor.pending
    rows = [_make_instruction(floor, job, ended.get(job.id), days) for job in jobs.values()]
    _insert(connection, _INSTRUCTION, rows)
    recent = [each for each in floor.log if each[0] >= floor.at - 2 * HOUR]
    events = [
        {"type": f"render.{what}", "at": moment(at), "id": job.id, "worker": job.worker} for at, what, job in recent
    ]
    _insert(connection, _EVENT, events)
    looks = {moment(at).replace(second=0, microsecond=0): waits for at, waits, _ in floor.samples}
    _insert(connection, _LOOK, [{"at": at, "pending": int(waits)} for at, waits in looks.items()])
    connection.execute(_MARK, {"at": moment(floor.at)})


def _make_instruction(floor: Floor, job: Instruction, ended: float | None, days: BroadcastDays) -> Row:
    moment, is_claimed = floor.plan.moment, job.state == "processing"
    state = job.state
    if state in {"failed", "timed_out"} and job.id not in floor.failed:
        state = "cancelled"  # a person has seen to it
    made = moment(job.made)
    return {
        "id": job.id,
        "template": job.template.name,
        "renderer": job.template.renderer,
        "priority": job.priority,
        "state": state,
        "day": days.find_day(made),
        "made": made,
        "due": moment(job.due),
        "changed": moment(max(job.made, job.started if job.claim else job.made)),
        "rank": made + timedelta(minutes=30) * job.priority,
        "claim": uuid.uuid4() if is_claimed else None,
        "worker": job.worker if is_claimed else None,
        "started": moment(job.started) if is_claimed else None,
        "lease": moment(job.lease) if is_claimed else None,
        "finished": None if ended is None or state == "pending" else moment(ended),
        "reason": job.reason,
        "failure": "broken" if state in {"failed", "timed_out"} else None,
    }


def _write_sources(connection: Connection, world: World, at: float) -> None:
    for each in world.plant.make_sources(at):
        values = {"name": each.name, "at": each.read_at, "error": each.problem or None}
        if each.kind == "sheet":
            connection.execute(_SHEET, values)
        elif each.kind == "library":
            connection.execute(_SCAN, values)


def _write_plant(connection: Connection, world: World, at: float) -> None:
    plant = world.plant
    services = plant.make_services(at)
    if not isinstance(services, Unread):
        listed = [
            {"name": each.name, "state": each.state, "summary": each.summary, "since": each.since} for each in services
        ]
        _insert(connection, _SERVICE, listed)
    for worker in plant.make_workers(at):
        values = {"name": worker.name, "host": worker.host, "renderers": [*worker.renderers], "seen": worker.seen_at}
        connection.execute(_WORKER, {**values, "aside": worker.quarantine_reason or None})
    watcher = plant.make_watcher(at)
    for source in ("events", "folders", "sheets"):
        connection.execute(_WATCH, {"source": source, "name": watcher.name, "at": watcher.seen_at})
    for breaker in plant.make_breakers(at):
        connection.execute(_BREAKER, {"name": breaker.name, "at": breaker.opened_at, "error": breaker.error})
    for parked in plant.make_parked(at):
        values = {"consumer": parked.consumer, "count": parked.count, "at": parked.since, "error": parked.error}
        connection.execute(_PARKED, values)


_SLOT = """
    insert into broadcast_slots (starts_at, channel, day, ends_at, event_title, is_live, seen_at)
    values (:starts_at, :channel, :day, :ends_at, :title, true, :seen_at)
"""

_SESSION = """
    insert into hand_sessions (session_id, table_name, event_title, started_at, broadcast_day, is_test, hands_reported,
        hands_broken, head) values (:id, 'Table 7', 'Main Event', :at, :day, false, 1, 0, '')
"""

_HAND = """
    insert into hands (session_id, table_name, hand_number, started_at, broadcast_day, source, is_premium, is_test, pot,
        winners, content, weight, digest, created_at)
    values (:session, 'Table 7', :number, :started, :day, 'rfid', :premium, false, 100, '[]',
        jsonb_build_object('is_over', true, 'is_showdown', true, 'orphan', cast(:orphan as boolean)), '[1]', '', :at)
"""

_OF_HANDS = text("""
    insert into render_instructions (template, layers, output, digest, state, trigger_kind, trigger_key, broadcast_day,
        by, created_at, due_at, finished_at, hand_id)
    select 'premium_hand', '{}', '{}', '', 'completed', 'premium_hand', 'hand ' || id, broadcast_day, 'simulator',
        created_at, created_at, created_at + interval '1 minute', id
    from hands where is_premium and not cast(content ->> 'orphan' as boolean)
""")

_INSTRUCTION = """
    insert into render_instructions (id, template, layers, output, digest, priority, state, trigger_kind, trigger_key,
        broadcast_day, by, created_at, changed_at, due_at, rank, renderer, claim_id, claimed_by, started_at,
        lease_until, heartbeat_at, finished_at, reason, failure_kind)
    overriding system value
    values (1000000 + :id, :template, '{}', '{}', '', :priority, :state, 'person', 'simulated ' || :id, :day,
        'simulator', :made, :changed, :due, :rank, :renderer, :claim, :worker, :started, :lease, :started, :finished,
        :reason, :failure)
"""

_EVENT = """
    insert into events (source, correlation_id, type, at, payload)
    values ('render', '', :type, :at, jsonb_build_object('instruction_id', 1000000 + cast(:id as bigint),
        'worker', cast(:worker as text)))
"""

_LOOK = """
    insert into measure_rollups (measure, resolution, at, labels, sums)
    values ('queue', 'minute', :at, '{}', jsonb_build_object('samples', 1, 'pending', cast(:pending as int),
        'processing', 1, 'held', 0)) on conflict do nothing
"""

_MARK = text("insert into measure_marks (measure, rolled_until) values ('queue', date_trunc('minute', :at))")

_SHEET = text("""
    insert into sheet_states (sheet, read_at, error) values (:name, :at, :error)
""")

_SCAN = text("""
    insert into nas_scans (library, correlation_id, started_at, finished_at, status)
    values (:name, '', :at, :at, 'completed')
""")

_SERVICE = """
    insert into health_states (host, service, state, summary, changed_at, correlation_id)
    values ('', :name, :state, :summary, :since, '')
"""

_WORKER = text("""
    insert into render_workers (name, host, pid, renderers, seen_at, quarantine_reason)
    values (:name, :host, 1, :renderers, :seen, :aside)
""")

_WATCH = text("insert into watches (source, watcher, seen_at) values (:source, :name, :at)")

_BREAKER = text("""
    insert into breakers (name, failures, last_error, last_failed_at, opened_at, next_probe_at)
    values (:name, 5, :error, :at, :at, :at + interval '1 day')
""")

_PARKED = text("""
    with parked as (
        insert into events (source, correlation_id, type, at, payload)
        select 'nas', '', 'nas.file.added', :at, '{}' from generate_series(1, :count) returning id
    )
    insert into event_retries (consumer, event_id, sequence, attempts, error, failed_at, parked_at)
    select :consumer, id, cast(id as text), 3, :error, :at, :at from parked
""")
