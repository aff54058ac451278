"""Put a simulated day together: what a look would read at each of its moments."""

from collections.abc import Iterator

from pokervod_pipelines.monitoring.detectors.facts import DatabaseFacts, Facts, report_away
from pokervod_pipelines.settings.monitoring import MonitoringSettings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines_tests.simulator import counting
from pokervod_pipelines_tests.simulator.faults import Fault, FaultKind
from pokervod_pipelines_tests.simulator.floor import Floor
from pokervod_pipelines_tests.simulator.jobs import draw_arrivals, draw_instructions
from pokervod_pipelines_tests.simulator.plan import LOOK_SECONDS, Plan
from pokervod_pipelines_tests.simulator.plant import Plant

HELD = ("sheet ", "worker ")
"""What a person holds; a window of maintenance mutes the others."""


class World:
    """Hold a day with its faults; ``look`` yields the facts of each moment at which anybody looks."""

    def __init__(self, plan: Plan, faults: tuple[Fault, ...], settings: MonitoringSettings) -> None:
        self.plan, self.faults, self.settings = plan, faults, settings
        self.arrivals = draw_arrivals(plan, faults)
        self.floor = Floor(plan, faults, draw_instructions(plan, self.arrivals, faults))
        self.plant = Plant(plan, faults, self.floor)

    def look(self) -> Iterator[tuple[float, Facts]]:
        """Yield the seconds and the facts of every look of the day."""
        for number in range(1, int(self.plan.seconds // LOOK_SECONDS)):
            at = number * LOOK_SECONDS
            self.floor.advance(at)
            self.floor.forget()
            if self.plant.is_restarting(at) or not self.plant.count_lookers(at):
                continue
            yield at, self.read(at)

    def read(self, at: float) -> Facts:
        """Return the facts of the moment, up to which the floor has run."""
        away = self.plant.find(FaultKind.DATABASE_AWAY, at)
        if away or self.plant.misses_database(at):
            first = self.plan.moment(self._find_first_look(away) if away else at)
            database = DatabaseFacts(away_since=first, problem="no answer")
            return report_away(self.plan.moment(at), database, host="nuc-1", disks=self.plant.make_disks(at))
        return self._read_all(at)

    def _find_first_look(self, away: Fault) -> float:
        return (away.begins // LOOK_SECONDS + 1) * LOOK_SECONDS

    def _read_all(self, at: float) -> Facts:
        plan, plant, floor, detectors = self.plan, self.plant, self.floor, self.settings.detectors
        return Facts(
            now=plan.moment(at),
            host="nuc-1",
            queue=counting.count_queue(floor, detectors),
            processing=counting.count_processing(floor),
            hours=counting.count_hours(floor),
            failed=counting.count_failed(floor),
            hands=counting.count_hands(plan, self.arrivals, at, detectors),
            sources=plant.make_sources(at),
            shows=counting.count_shows(plan, self.arrivals, at),
            services=plant.make_services(at),
            dagster=plant.make_dagster(at),
            workers=plant.make_workers(at),
            watcher=plant.make_watcher(at),
            lookers=plant.make_lookers(at),
            disks=plant.make_disks(at),
            clock=plant.make_clock(at),
            breakers=plant.make_breakers(at),
            parked=plant.make_parked(at),
            held=self._list_held(at),
        )

    def _list_held(self, at: float) -> frozenset[Subject]:
        names = [each.name for each in self.plan.maintenance if each.covers(at) and each.name.startswith(HELD)]
        return frozenset(
            Subject(kind=SubjectKind(kind), name=name) for kind, name in (each.split(" ", 1) for each in names)
        )
