"""Count the facts of the queue and of the hands of one moment, as the queries of a real look would."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta

from pokervod_pipelines.monitoring.detectors.facts import (
    EndedGroup,
    FailedGroup,
    HourFacts,
    LateJob,
    OrphanDay,
    Overtaken,
    PremiumHandFacts,
    ProcessingFacts,
    QueueFacts,
    ShowFacts,
    ShowsFacts,
    WaitingGroup,
)
from pokervod_pipelines.settings.detectors import DetectorsSettings
from pokervod_pipelines_tests.simulator.floor import Floor, Group
from pokervod_pipelines_tests.simulator.jobs import Arrivals, Instruction
from pokervod_pipelines_tests.simulator.plan import HOUR, MINUTE, Plan

CLAIMS = 15 * MINUTE
"""Claims of so long ago are compared with what waits."""

DAY_BEGINS = timedelta(hours=6)
IDS = 5


def count_queue(floor: Floor, settings: DetectorsSettings) -> QueueFacts:
    """Return what waits, and what was overtaken."""
    at, moment = floor.at, floor.plan.moment
    groups: dict[Group, list[Instruction]] = defaultdict(list)
    for each in floor.pending.values():
        if each.due <= at:
            groups[each.template.renderer, each.template.name].append(each)
    late, freed, is_paused = at - settings.pending_too_long.minutes * MINUTE, floor.find_freed(at), floor.is_paused(at)
    return QueueFacts(
        groups=tuple(
            WaitingGroup(renderer=renderer, template=template, waiting=0, paused=len(jobs))
            if is_paused
            else WaitingGroup(
                renderer=renderer,
                template=template,
                waiting=len(jobs),
                since=moment(max(freed, min(each.due for each in jobs))),
                delayed=sum(max(freed, each.due) < late for each in jobs),
            )
            for (renderer, template), jobs in groups.items()
        ),
        claims=sum(1 for claimed, _, _ in floor.claims if claimed >= at - CLAIMS),
        overtaken=tuple(_list_overtaken(floor)),
    )


def _list_overtaken(floor: Floor) -> Iterator[Overtaken]:
    """Yield what was due and stayed, while what comes later by rank was claimed."""
    if floor.is_paused(floor.at):
        return
    moment, recent = floor.plan.moment, [each for each in floor.claims if each[0] >= floor.at - CLAIMS]
    latest: dict[str, float] = {}
    for _, renderer, rank in recent:
        latest[renderer] = max(rank, latest.get(renderer, rank))
    for job in floor.pending.values():
        renderer = job.template.renderer
        if job.due > floor.at or job.rank >= latest.get(renderer, job.rank):
            continue
        over = [at for at, claimed, rank in recent if claimed == renderer and rank > job.rank and at > job.due]
        if over:
            yield Overtaken(
                id=job.id,
                renderer=renderer,
                template=job.template.name,
                priority=job.priority,
                since=moment(job.due),
                by=len(over),
                last_at=moment(max(over)),
            )


def count_processing(floor: Floor) -> ProcessingFacts:
    """Return what is claimed, and what should have ended."""
    at, moment = floor.at, floor.plan.moment
    late = [
        LateJob(
            id=job.id,
            renderer=job.template.renderer,
            template=job.template.name,
            worker=job.worker,
            started_at=moment(job.started),
            limit_seconds=job.template.limit,
            lease_until=moment(job.lease),
        )
        for job in floor.processing.values()
        if job.lease < at or at - job.started > job.template.limit
    ]
    return ProcessingFacts(processing=len(floor.processing), late=tuple(late))


def count_hours(floor: Floor) -> HourFacts:
    """Return what ended in the last hour, and in the one before."""
    last: Counter[tuple[Group, str]] = Counter()
    before: Counter[tuple[Group, str]] = Counter()
    for at, group, outcome in floor.ended:
        if at < floor.at:
            (last if at >= floor.at - HOUR else before)[group, outcome] += 1
    samples = [each for each in floor.samples if each[0] > floor.at - HOUR]
    return HourFacts(
        last=_make_groups(last),
        before=_make_groups(before),
        looked_minutes=min(60, len(samples)),
        waiting_minutes=min(60, sum(waits for _, waits, _ in samples)),
        paused_minutes=min(60, sum(is_paused for _, _, is_paused in samples)),
    )


def _make_groups(counts: Mapping[tuple[Group, str], int]) -> tuple[EndedGroup, ...]:
    groups: dict[Group, dict[str, int]] = defaultdict(dict)
    for (group, outcome), count in counts.items():
        groups[group][outcome] = count
    return tuple(EndedGroup(renderer=key[0], template=key[1], **found) for key, found in groups.items())


def count_failed(floor: Floor) -> tuple[FailedGroup, ...]:
    """Return the instructions that wait for a person."""
    moment = floor.plan.moment
    groups: dict[Group, list[Instruction]] = defaultdict(list)
    for job in floor.failed.values():
        groups[job.template.renderer, job.template.name].append(job)
    return tuple(
        FailedGroup(
            template=template,
            renderer=renderer,
            count=len(jobs),
            ids=tuple(each.id for each in jobs[:IDS]),
            first_at=moment(min(each.due for each in jobs)),
            last_at=moment(max(each.due for each in jobs)),
            reason=max(jobs, key=lambda each: each.due).reason,
        )
        for (renderer, template), jobs in groups.items()
    )


def count_hands(plan: Plan, arrivals: Arrivals, at: float, settings: DetectorsSettings) -> PremiumHandFacts:
    """Return the premium hands of the day, and by broadcast day those that have no instruction for too long."""
    late = at - settings.orphan_hand.after_minutes * MINUTE
    lost: dict[object, list[float]] = defaultdict(list)
    for came, until in arrivals.orphans:
        if came < late and at < until:
            lost[(plan.moment(came).astimezone(plan.zone) - DAY_BEGINS).date()].append(came)
    return PremiumHandFacts(
        premium_hands=sum(1 for each in arrivals.premium if each < late),
        orphans=tuple(
            OrphanDay(day=day, count=len(hands), hands=tuple(map(int, hands[:IDS])), since=plan.moment(min(hands)))  # type: ignore[arg-type]
            for day, hands in lost.items()
        ),
    )


def count_shows(plan: Plan, arrivals: Arrivals, at: float) -> ShowsFacts:
    """Return the live slots of now, and the hands that have come to them."""
    moment, shows = plan.moment, []
    for number, show in enumerate(plan.shows):
        if show.begins <= at < show.ends:
            hands, last = arrivals.count(number, at)
            shows.append(
                ShowFacts(
                    title=show.title,
                    channel=show.channel,
                    starts_at=moment(show.begins),
                    ends_at=moment(show.ends),
                    hands=hands,
                    last_at=None if last is None else moment(last),
                )
            )
    return ShowsFacts(shows=tuple(shows))
