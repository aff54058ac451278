"""List the detectors, causes before their effects: what each looks at, and the settings that decide.

A detector that the settings turn off, or whose facts could not be read, is not asked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pokervod_pipelines.monitoring.detectors import components, flowing, machines, rendering
from pokervod_pipelines.monitoring.detectors.facts import Facts
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.looking import UnreadFactsError
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.shape import Look, LookState
from pokervod_pipelines.settings.detectors import DetectorSettings
from pokervod_pipelines.settings.monitoring import MonitoringSettings

JudgeFacts = Callable[[Facts, MonitoringSettings, History], Look]


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorRule:
    """Declare a detector: ``looks_at`` says for people what, ``judge`` is the pure function."""

    name: Detector
    looks_at: str
    judge: JudgeFacts

    def find_settings(self, rules: MonitoringSettings) -> DetectorSettings:
        """Return its thresholds."""
        found: DetectorSettings = getattr(rules.detectors, self.name.value)
        return found

    def look(self, facts: Facts, rules: MonitoringSettings, history: History) -> Look:
        """Return how the detector looks at the facts."""
        if not self.find_settings(rules).enabled:
            return Look(
                detector=self.name, state=LookState.OFF, looked_at=0, summary=f"monitoring.detectors.{self.name} is off"
            )
        try:
            return self.judge(facts, rules, history)
        except UnreadFactsError as error:
            return Look(detector=self.name, state=LookState.UNREADABLE, looked_at=0, summary=str(error))


DETECTORS: tuple[DetectorRule, ...] = (
    DetectorRule(
        name=Detector.DATABASE_AWAY,
        looks_at="whether the database answers",
        judge=components.look_at_database,
    ),
    DetectorRule(
        name=Detector.DISK_FULL,
        looks_at="the free space of the disks that are written to",
        judge=machines.look_at_disks,
    ),
    DetectorRule(
        name=Detector.CLOCK_SKEW,
        looks_at="the clocks of the database and of this machine",
        judge=machines.look_at_clocks,
    ),
    DetectorRule(
        name=Detector.ROOT_AWAY,
        looks_at="the archive roots, as health sees them",
        judge=machines.look_at_roots,
    ),
    DetectorRule(
        name=Detector.SERVICE_DOWN,
        looks_at="the other services, as health sees them",
        judge=machines.look_at_services,
    ),
    DetectorRule(
        name=Detector.BREAKER_OPEN,
        looks_at="the breakers of services outside",
        judge=machines.look_at_breakers,
    ),
    DetectorRule(
        name=Detector.DAEMON_STOPPED,
        looks_at="the heartbeats of Dagster's daemon",
        judge=components.look_at_daemon,
    ),
    DetectorRule(
        name=Detector.SENSOR_STOPPED,
        looks_at="the ticks of the sensors",
        judge=components.look_at_sensors,
    ),
    DetectorRule(
        name=Detector.WATCHER_STOPPED,
        looks_at="the last look of the watcher",
        judge=components.look_at_watcher,
    ),
    DetectorRule(
        name=Detector.DETECTORS_STOPPED,
        looks_at="the last look of the detectors, in the sensor and in the watcher",
        judge=components.look_at_detectors,
    ),
    DetectorRule(
        name=Detector.WORKER_STOPPED,
        looks_at="the render workers, and the work that waits for them",
        judge=components.look_at_workers,
    ),
    DetectorRule(
        name=Detector.RUN_STUCK,
        looks_at="the runs in progress, against how long their jobs take",
        judge=components.look_at_runs,
    ),
    DetectorRule(
        name=Detector.EVENTS_PARKED,
        looks_at="the events that consumers gave up",
        judge=flowing.look_at_parked,
    ),
    DetectorRule(
        name=Detector.SOURCE_STALE,
        looks_at="when sheets, libraries and folders were read last",
        judge=flowing.look_at_sources,
    ),
    DetectorRule(
        name=Detector.NO_DATA,
        looks_at="the live slots of the schedule, and the hands that come",
        judge=flowing.look_at_shows,
    ),
    DetectorRule(
        name=Detector.ORPHAN_HAND,
        looks_at="the shown premium hands and their instructions",
        judge=flowing.look_at_hands,
    ),
    DetectorRule(
        name=Detector.PENDING_TOO_LONG,
        looks_at="how long instructions wait that could be claimed",
        judge=rendering.look_at_pending,
    ),
    DetectorRule(
        name=Detector.PROCESSING_TOO_LONG,
        looks_at="the limits and leases of claimed instructions",
        judge=rendering.look_at_processing,
    ),
    DetectorRule(
        name=Detector.PRIORITY_INVERTED,
        looks_at="the order of claims, by the queue's own rank",
        judge=rendering.look_at_priorities,
    ),
    DetectorRule(
        name=Detector.ERROR_RATE,
        looks_at="the graphics that ended in the last hour",
        judge=rendering.look_at_errors,
    ),
    DetectorRule(
        name=Detector.THROUGHPUT_DROPPED,
        looks_at="the graphics of the last hour and of the hour before",
        judge=rendering.look_at_throughput,
    ),
    DetectorRule(
        name=Detector.GRAPHIC_FAILED,
        looks_at="the graphics that failed for good",
        judge=rendering.look_at_failed,
    ),
)


def find_detector(name: str) -> DetectorRule | None:
    """Return the detector of that name."""
    return next((each for each in DETECTORS if each.name == name), None)
