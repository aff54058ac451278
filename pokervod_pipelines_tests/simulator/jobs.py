"""Ask for graphics: when each instruction of a day is made, of which template, and which hands are premium."""

import random
from bisect import bisect_right
from dataclasses import dataclass

from pokervod_pipelines_tests.simulator.faults import Fault, FaultKind
from pokervod_pipelines_tests.simulator.plan import HOUR, MINUTE, Plan, Template


@dataclass(slots=True, kw_only=True)
class Instruction:
    """Hold an instruction and what became of it; ``due`` is when it may be claimed next."""

    id: int
    template: Template
    made: float
    due: float
    priority: int
    state: str = "pending"
    tries: int = 0
    started: float = 0.0
    lease: float = 0.0
    worker: str = ""
    claim: int = 0
    reason: str = ""
    breaks: bool = False
    """It can never be rendered."""

    @property
    def rank(self) -> float:
        """Return its place in the queue: half an hour of age outweighs a step of priority."""
        return self.made + self.priority * 30 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Hold when hands come, by show, and the premium ones without an instruction: since when, until when.

    ``share`` of what was planned comes; the rest is lost with the tables that are silent.
    """

    by_show: tuple[tuple[float, ...], ...]
    premium: tuple[float, ...]
    orphans: tuple[tuple[float, float], ...]
    share: float = 1.0

    def count(self, show: int, at: float) -> tuple[int, float | None]:
        """Return how many hands of the show have come by then, and when the last did."""
        times = self.by_show[show]
        number = bisect_right(times, at)
        return number, times[number - 1] if number else None


def draw_arrivals(plan: Plan, faults: tuple[Fault, ...]) -> Arrivals:
    """Return when the hands of the day come: tables write several at once, and none in a break."""
    chance = random.Random(f"hands {plan.seed}")
    silent = [each for each in faults if each.kind in {FaultKind.NO_HANDS, FaultKind.HANDS_STOP}]
    lengths = [_measure_play(each.first_hand, each.last_hand, each.breaks) for each in plan.shows]
    by_show, planned = [], 0
    for show, length in zip(plan.shows, lengths, strict=True):
        count = int(plan.hands * length / sum(lengths))
        times = sorted(chance.uniform(show.first_hand, show.last_hand) for _ in range(count))
        kept = [at for at in times if not any(a <= at < b for a, b in show.breaks)]
        planned += len(kept)
        by_show.append(tuple(at for at in kept if not any(each.covers(at) for each in silent)))
    premium = sorted(at for times in by_show for at in times if chance.random() < plan.premium_share)
    return Arrivals(
        by_show=tuple(by_show),
        premium=tuple(premium),
        orphans=tuple(_draw_orphans(chance, premium, faults)),
        share=sum(map(len, by_show)) / planned if planned else 1.0,
    )


def _measure_play(first: float, last: float, breaks: tuple[tuple[float, float], ...]) -> float:
    return last - first - sum(b - a for a, b in breaks)


def _draw_orphans(chance: random.Random, premium: list[float], faults: tuple[Fault, ...]) -> list[tuple[float, float]]:
    """Return the premium hands that the fault leaves without instruction, until a person corrects it at its end."""
    found = []
    for fault in (each for each in faults if each.kind is FaultKind.ORPHANS):
        hands = [at for at in premium if fault.begins <= at < fault.ends - 20 * MINUTE]
        lost = [at for at in hands if chance.random() < fault.size] or hands[:1]
        found += [(at, fault.ends) for at in lost]
    return found


def draw_instructions(plan: Plan, arrivals: Arrivals, faults: tuple[Fault, ...]) -> list[Instruction]:
    """Return the instructions of the day in the order in which they are made, from two hours before it begins."""
    chance = random.Random(f"jobs {plan.seed}")
    asked: list[tuple[float, Template | None]] = [(at, None) for at in _draw_times(chance, plan, arrivals)]
    for at, count, name in plan.bursts:
        template = next((each for each in plan.templates if each.name == name), None)
        asked += [(at + chance.uniform(0, 3), template) for _ in range(count)]
    for fault in (each for each in faults if each.kind is FaultKind.INVERSION):
        asked += [(fault.begins + chance.uniform(0, 60), None) for _ in range(int(fault.size))]
    asked.sort(key=lambda each: each[0])
    return [_make(chance, plan, number, at, template) for number, (at, template) in enumerate(asked, 1)]


def _draw_times(chance: random.Random, plan: Plan, arrivals: Arrivals) -> list[float]:
    """Return when graphics are asked for: most while hands come, some by people at any time."""
    count = plan.instructions
    hands = [at for times in arrivals.by_show for at in times]
    at_any_time = count if not hands else count // 12
    before = [chance.uniform(-2 * HOUR, 0) for _ in range(count // 24)]
    times = [chance.uniform(0, plan.seconds) for _ in range(at_any_time)] + before
    # A graphic is asked for some seconds after its hand, or when a level ends.
    asked = int((count - at_any_time) * arrivals.share)
    return times + [chance.choice(hands) + chance.uniform(2, 20) for _ in range(asked)]


def _make(chance: random.Random, plan: Plan, number: int, at: float, template: Template | None) -> Instruction:
    weights = [each.weight for each in plan.templates]
    chosen = template or chance.choices(plan.templates, weights)[0]
    priority = chosen.priority if chance.random() < 0.9 else chance.randint(1, 10)
    return Instruction(id=number, template=chosen, made=at, due=at, priority=priority)
