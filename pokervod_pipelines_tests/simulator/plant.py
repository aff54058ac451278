"""Run all that stands around the queue of a simulated day: processes, sources, services, disks, clocks and runs.

Each method returns a group of facts of one moment, as a look would read it then.
"""

import math
import random
from collections.abc import Iterator
from datetime import datetime

from pokervod_pipelines.monitoring.detectors.facts import (
    ClockFacts,
    DagsterFacts,
    DiskFacts,
    LookerFacts,
    ParkedFacts,
    RunFacts,
    ServiceBreaker,
    ServiceFacts,
    SourceFacts,
    Unread,
    WatcherFacts,
    WorkerFacts,
)
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines_tests.simulator.faults import SENSORS, Fault, FaultKind
from pokervod_pipelines_tests.simulator.floor import Floor
from pokervod_pipelines_tests.simulator.plan import HOUR, MINUTE, Plan, PlannedWorker, Source, Span

K = FaultKind
INTERVALS = {"measures": 60.0, "alert_delivery": 15.0, "stale_instructions": 15.0}
PARTS = ("SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING", "EVENT_LOG_CONSUMER")
TYPICAL = {"full_sync": 600.0, "nas_changes": 110.0, "sheets_sync": 40.0}
GIGABYTE = 1_000_000_000
LOW_DISK = 5 * GIGABYTE
HEALTH_SECONDS = 300.0
CALLS_SECONDS = 150.0
SERVICES = ("outputs", "alert channels", "memory", "sheets", "disk", "drop folders")


class Plant:
    """Hold the day; ``floor`` has the queue."""

    def __init__(self, plan: Plan, faults: tuple[Fault, ...], floor: Floor) -> None:
        self.plan, self.floor = plan, floor
        self.chance = random.Random(f"plant {plan.seed}")
        self.by_kind = floor.by_kind
        self.free = self.chance.uniform(20, 400) * GIGABYTE
        # What is read nightly was read in the night before.
        night = next((each.ends for each in plan.syncs if each.name == "full_sync"), 0.0) - 24 * HOUR
        self.read = {each.name: night if each.kind == "sheet" else -40 * MINUTE for each in plan.sources}
        self.phase = {name: self.chance.uniform(0, 30) for name in (*SENSORS, *PARTS)}
        self.lookers = {"sensor": -30.0, "watcher": -15.0}
        self.since: dict[str, float] = {}
        self.services: tuple[float, tuple[ServiceFacts, ...]] = (-HOUR, ())
        self.unread_until: dict[str, float] = {}

    def find(self, kind: FaultKind, at: float, target: str = "") -> Fault | None:
        """Return the fault of the kind, and of the target where one is given, that lasts."""
        for each in self.by_kind[kind]:
            if each.begins <= at < each.ends and target in {"", each.target}:
                return each
        return None

    def is_held(self, name: str, at: float) -> bool:
        """Return whether a person has taken the thing out of service."""
        return any(each.name == name and each.covers(at) for each in self.plan.maintenance)

    def is_restarting(self, at: float) -> Span | None:
        """Return the restart of everything that is in progress."""
        return next((each for each in self.plan.restarts if each.covers(at)), None)

    def _flaps(self, name: str, at: float) -> bool:
        """Return whether the thing fails at this one look, and is well again at the next."""
        return self.plan.flap_share > 0 and self.chance.random() < self.plan.flap_share and bool(name) and at > 0

    def _freeze(self, at: float, *spans: Fault | Span | None) -> float:
        """Return the last moment before the earliest of what lasts began, or now."""
        return min([each.begins for each in spans if each], default=at)

    def has_daemon(self, at: float) -> bool:
        """Return whether Dagster's daemon runs."""
        return not (self.find(K.DAEMON_STOPPED, at) or self.is_restarting(at))

    def has_watcher(self, at: float) -> bool:
        """Return whether the watcher looks at what it should."""
        stopped = self.find(K.WATCHER_GONE, at) or self.find(K.WATCHER_HUNG, at)
        return not (stopped or self.is_restarting(at))

    def count_lookers(self, at: float) -> list[str]:
        """Note who looks at this moment, and return them; nobody may."""
        looks = []
        stopped = self.find(K.DETECTORS_STOPPED, at)
        names = [each.target for each in (stopped, self._find_sensor_fault("anomalies", at)) if each]
        if self.has_daemon(at) and not {"sensor", "anomalies"} & {*names}:
            looks.append("sensor")
        if self.has_watcher(at) and "watcher" not in names:
            looks.append("watcher")
        for name in looks:
            self.lookers[name] = at
        return looks

    def _find_sensor_fault(self, name: str, at: float) -> Fault | None:
        kinds = (K.SENSOR_SILENT, K.SENSOR_OFF, K.SENSOR_FAILING)
        return next((found for kind in kinds if (found := self.find(kind, at, name))), None)

    def make_lookers(self, at: float) -> tuple[LookerFacts, ...]:
        """Return when the detectors looked, where they run."""
        moment, off = self.plan.moment, self.find(K.SENSOR_OFF, at, "anomalies")
        leads, back = self.make_watcher(at).is_alive, self._find_return(at) - at
        back = back if self.find(K.CLOCK_STEP, at) or self.find(K.CLOCK_STEP, at - 20) else 0.0
        return (
            LookerFacts(name="sensor", seen_at=moment(self.lookers["sensor"] + back), is_expected=off is None),
            LookerFacts(name="watcher", seen_at=moment(self.lookers["watcher"] + back), is_expected=leads),
        )

    def misses_database(self, at: float) -> bool:
        """Return whether the database does not answer at this one look: it is restarted, or a switch is."""
        return self._flaps("database", at) and self.chance.random() < 0.3

    def make_dagster(self, at: float) -> DagsterFacts:
        """Return the daemon, the sensors and the runs."""
        moment = self.plan.moment
        lived = self._freeze(at, self.find(K.DAEMON_STOPPED, at), self.is_restarting(at))
        lived = min(lived, self._find_return(at))
        beats = {part: moment(self._find_tick(lived, 30.0, self.phase[part])) for part in PARTS}
        sensors = tuple(self._make_sensor(name, at, lived) for name in SENSORS)
        return DagsterFacts(heartbeats=beats, sensors=sensors, runs=tuple(self._list_runs(at)))

    def _find_return(self, at: float) -> float:
        """Return the moment to which everything is frozen that came back just now: it takes some seconds to tick."""
        spans: tuple[Span | Fault, ...] = (*self.plan.restarts, *self.by_kind[K.DATABASE_AWAY])
        for each in spans:
            if each.ends <= at < each.ends + 20:
                return each.begins
        for step in self.by_kind[K.CLOCK_STEP]:
            # What was written just before the clock was set seems to be of long ago.
            if min(abs(at - step.begins - 10), abs(at - step.ends - 10)) <= 10:
                return at - step.size
        return at

    def _find_tick(self, at: float, interval: float, phase: float) -> float:
        """Return the last tick of something that ticks so often."""
        late = self.chance.uniform(0, 25) if self._is_syncing(at) else 0.0
        return at - (at - phase) % interval - late

    def _is_syncing(self, at: float) -> bool:
        return any(each.name == "full_sync" and each.covers(at) for each in self.plan.syncs)

    def _make_sensor(self, name: str, at: float, lived: float) -> SensorFacts:
        interval = INTERVALS.get(name, 30.0)
        silent, off = self.find(K.SENSOR_SILENT, at, name), self.find(K.SENSOR_OFF, at, name)
        held = self.is_held(f"sensor {name}", at)
        frozen = self._freeze(lived, silent, off)
        failing = self.find(K.SENSOR_FAILING, at, name) is not None or self._flaps(name, at)
        return SensorFacts(
            name=name,
            interval_seconds=interval,
            ticked_at=self.plan.moment(self._find_tick(frozen, interval, self.phase[name])),
            error="TimeoutError: the server closed the connection" if failing else "",
            is_stopped=off is not None or held,
        )

    def _list_runs(self, at: float) -> Iterator[RunFacts]:
        moment = self.plan.moment
        for number, each in enumerate(self.plan.syncs):
            if each.covers(at):
                typical = TYPICAL[each.name] if each.name != "full_sync" else max(900.0, (each.ends - each.begins) / 2)
                yield self._make_run(f"run {number}", each.name, "running", moment(each.begins), typical)
        for kind, state in ((K.RUN_HANGS, "running"), (K.RUN_QUEUED, "queued")):
            for fault in self.by_kind[kind]:
                if fault.covers(at):
                    typical = TYPICAL[fault.target]
                    yield self._make_run(f"{kind} {fault.begins}", fault.target, state, moment(fault.begins), typical)

    def _make_run(self, run_id: str, job: str, state: str, since: datetime, typical: float) -> RunFacts:
        return RunFacts(run_id=run_id, job=job, state=state, since=since, typical_seconds=typical)  # type: ignore[arg-type]

    def make_watcher(self, at: float) -> WatcherFacts:
        """Return whether a watcher lives, and when it looked."""
        gone, hung, restart = self.find(K.WATCHER_GONE, at), self.find(K.WATCHER_HUNG, at), self.is_restarting(at)
        seen = min(self._freeze(at, gone, hung, restart), self._find_return(at))
        seen = self._find_tick(seen, 10.0, 3.0) if seen == at else seen
        return WatcherFacts(is_alive=not gone and not restart, name="nuc-1", seen_at=self.plan.moment(seen))

    def make_workers(self, at: float) -> tuple[WorkerFacts, ...]:
        """Return the workers that have not ended in good order."""
        return tuple(self._make_worker(each, at) for each in self.plan.workers if not self._has_ended(each, at))

    def _has_ended(self, worker: PlannedWorker, at: float) -> bool:
        """Return whether somebody ended it in good order: half of the times that none is left it was so."""
        gone = self.find(K.WORKERS_GONE, at)
        return self.is_held(f"worker {worker.name}", at) or (gone is not None and int(gone.begins) % 2 == 0)

    def _make_worker(self, worker: PlannedWorker, at: float) -> WorkerFacts:
        dead = self.find(K.WORKER_DEAD, at, worker.name) or self.find(K.WORKERS_GONE, at)
        stopped = self._freeze(at, dead, self.is_restarting(at))
        seen = min(stopped, self._find_return(at))
        seen = seen if seen < at else at - self.chance.uniform(0, 28 if self._flaps(worker.name, at) else 10)
        aside = self.find(K.WORKER_QUARANTINED, at, worker.name)
        return WorkerFacts(
            name=worker.name,
            host=worker.host,
            seen_at=self.plan.moment(seen),
            is_alive=at - seen < 30,
            renderers=worker.renderers,
            quarantine_reason="3 failures of its own" if aside else "",
        )

    def make_sources(self, at: float) -> tuple[SourceFacts, ...]:
        """Return when each sheet, library and folder was read."""
        return tuple(self._make_source(each, at) for each in self.plan.sources)

    def _make_source(self, source: Source, at: float) -> SourceFacts:
        away = self.find(K.ROOT_AWAY, at, source.root) if source.root else None
        held = self.is_held(f"root {source.root}", at) or self.is_held(f"{source.kind} {source.name}", at)
        kinds = (K.SHEET_UNREADABLE, K.LIBRARY_UNSCANNED, K.FOLDER_UNREAD)
        away = away or (self.find(K.GOOGLE_DOWN, at) if source.kind == "sheet" else None)
        fault = away or next((found for kind in kinds if (found := self.find(kind, at, source.name))), None)
        is_folder = source.kind in {"drop folder", "export folder"}
        if fault is None and not held:
            self._read(source, at, is_folder)
        waiting, since = self._count_waiting(source, fault, at) if is_folder else (0, None)
        fails = (
            held
            or self._fails_once(source, at)
            or (fault is not None and fault.kind in {K.SHEET_UNREADABLE, K.GOOGLE_DOWN})
        )
        moment = self.plan.moment
        return SourceFacts(
            kind=source.kind,
            name=source.name,
            read_at=moment(self.read[source.name]),
            expected_seconds=source.every,
            root=source.root,
            problem="permission denied" if fails and source.kind == "sheet" else "",
            waiting=waiting,
            waiting_since=None if since is None else moment(since),
        )

    def _fails_once(self, source: Source, at: float) -> bool:
        """Return whether the last reading of a sheet failed, as one does now and then, until it is read again."""
        if source.kind == "sheet" and self._flaps(source.name, at) and self.chance.random() < 0.3:
            self.unread_until[source.name] = at + self.chance.uniform(10, 150)
        return at < self.unread_until.get(source.name, 0.0)

    def _read(self, source: Source, at: float, is_folder: bool) -> None:
        if is_folder:
            # Where the watcher does not, the sensor looks at the folders.
            has_sensor = self.has_daemon(at) and not self._find_sensor_fault("rfid_drop", at)
            if self.has_watcher(at) or has_sensor:
                self.read[source.name] = at
            return
        job = "nas_changes" if source.kind == "library" else "full_sync"
        if not self.has_daemon(at):
            return
        ended = [s.ends for s in self.plan.syncs if s.name in {job, "full_sync"} and s.ends <= at]
        self.read[source.name] = max([self.read[source.name], *ended])

    def _count_waiting(self, source: Source, fault: Fault | None, at: float) -> tuple[int, float | None]:
        """Return how many files of the tables nobody has read, and since when the first lies there."""
        seen = self.read[source.name]
        if at - seen < 2 or not self.plan.is_busy(at) or source.kind == "export folder":
            return 0, None
        return max(1, int((at - seen) / 60)), seen + 10

    def make_services(self, at: float) -> tuple[ServiceFacts, ...] | Unread:
        """Return the services as the sensor of health saw them at its last tick, unless that was long ago."""
        frozen = self._freeze(at, self.find(K.DAEMON_STOPPED, at), self.is_restarting(at))
        for kind in (K.SENSOR_SILENT, K.SENSOR_OFF, K.SENSOR_FAILING):
            frozen = self._freeze(frozen, self.find(kind, at, "health"))
        ticked = frozen - (frozen - self.phase["health"]) % 30
        if at - ticked > HEALTH_SECONDS:
            return Unread(reason="the sensor `health` has not looked for a while")
        if ticked != self.services[0]:
            self.services = ticked, tuple(self._list_services(ticked))
        return self.services[1]

    def _list_services(self, at: float) -> Iterator[ServiceFacts]:
        kinds = (K.CHANNEL_DOWN, K.OUTPUTS_UNWRITABLE, K.MEMORY_SHORT, K.GOOGLE_DOWN)
        down = {each.target for kind in kinds for each in self.by_kind[kind] if each.covers(at)}
        for name in SERVICES:
            yield self._make_service(name, at, name in down)
        if any("nexrender" in each.renderers for each in self.plan.workers):
            yield self._make_service("nexrender", at, self.find(K.FARM_DOWN, at) is not None)
        for root in self.plan.roots:
            is_away = self.find(K.ROOT_AWAY, at, root) is not None or self.is_held(f"root {root}", at)
            flaps = self.find(K.ROOT_FLAPS, at, root)
            # It answers for two minutes, then for half a minute or a whole one it does not.
            is_away = is_away or (flaps is not None and (at - flaps.begins) % 150 < self.chance.choice((30, 60)))
            yield self._make_service(f"root {root}", at, is_away)
        yield self._make_service("watcher", at, not self.has_watcher(at))

    def _make_service(self, name: str, at: float, is_down: bool) -> ServiceFacts:
        flaps = f"{name} healthy" in self.since and self._flaps(name, at)
        state = "degraded" if is_down or flaps else "healthy"
        key = f"{name} {state}"
        if key not in self.since:
            self.since = {each: since for each, since in self.since.items() if not each.startswith(f"{name} ")}
            self.since[key] = at
        summary = "no answer within 5 s" if state == "degraded" else "answers"
        return ServiceFacts(name=name, state=state, summary=summary, since=self.plan.moment(self.since[key]))

    def make_disks(self, at: float) -> tuple[DiskFacts, ...]:
        """Return the space of the disk, which a fault fills until a person makes room."""
        wobble = math.sin(at / 3000) * 2 * GIGABYTE
        free = self.free + wobble
        for each in self.by_kind[K.DISK_FILLING]:
            if each.begins - 2 * HOUR <= at < each.ends:
                share = min(1.0, max(0.0, (at - each.begins + 2 * HOUR) / (2 * HOUR)))
                free = LOW_DISK + (free - LOW_DISK) * (1 - share)
                if at >= each.begins:
                    grown = (at - each.begins) / (each.ends - each.begins)
                    free = LOW_DISK * (1 - 0.02 - (each.size - 0.02) * min(1.0, grown * 2))
        return (DiskFacts(name="data", path="/var/pokervod", free_bytes=int(free), total_bytes=1000 * GIGABYTE),)

    def find_offset(self, at: float) -> float:
        """Return how far the database's clock is ahead."""
        offset = self.chance.gauss(0, 0.1)
        for each in self.by_kind[K.CLOCK_STEP]:
            sign = 1 if int(each.begins) % 2 else -1
            offset += sign * each.size if each.covers(at) else 0.0
        for each in self.by_kind[K.CLOCK_DRIFT]:
            # It runs ahead for two hours before it matters.
            offset += 2.2 + (at - each.begins) * each.size / 36000 if each.covers(at) else 0.0
            if each.begins - 2 * HOUR <= at < each.begins:
                offset += 2.2 * (at - each.begins + 2 * HOUR) / (2 * HOUR) - 0.5
        return offset

    def make_clock(self, at: float) -> ClockFacts:
        """Return how far the clocks differ; now and then the question takes long."""
        slow = 1.5 if self._flaps("clock", at) else self.chance.uniform(0.001, 0.05)
        return ClockFacts(offset_seconds=self.find_offset(at) + (slow / 2 if slow > 1 else 0.0), error_seconds=slow)

    def make_breakers(self, at: float) -> tuple[ServiceBreaker, ...]:
        """Return the open breakers."""
        fault, opened = self.find(K.BREAKER_OPEN, at), 0.0
        if fault is None:
            # That of Google opens after some calls in a row.
            fault, opened = self.find(K.GOOGLE_DOWN, at - CALLS_SECONDS), CALLS_SECONDS
        if fault is None:
            return ()
        title, opened_at = fault.target.title(), self.plan.moment(fault.begins + opened)
        return (ServiceBreaker(name=fault.target, title=title, opened_at=opened_at, failures=5, error="no answer"),)

    def make_parked(self, at: float) -> tuple[ParkedFacts, ...]:
        """Return the events that were given up, until a person replays them."""
        fault = self.find(K.EVENTS_PARKED, at)
        if fault is None:
            return ()
        since = self.plan.moment(fault.begins)
        return (ParkedFacts(consumer="event_router", count=max(1, int(fault.size)), since=since, error="KeyError"),)
