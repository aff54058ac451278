"""Detect what is wrong with the render queue and its graphics; pure.

What a pause or a hold keeps is not looked at: it waits because a person wants it to.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.detectors.chance import find_chance
from pokervod_pipelines.monitoring.detectors.facts import EndedGroup, Facts, FailedGroup, HourFacts, WaitingGroup
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.looking import (
    QUEUE,
    QUEUE_LATE_KEY,
    WORKERS_KEY,
    count,
    judged,
    learning,
    make_finding,
    name_disk,
    name_first,
    require,
    show_seconds,
)
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, Subject, SubjectKind, make_key
from pokervod_pipelines.settings.detectors import ErrorRateSettings
from pokervod_pipelines.settings.monitoring import MonitoringSettings

CONCENTRATED = 0.8
"""Where so large a share of what is wrong is of one template or renderer, and others work, that is the cause."""

USUAL_PART = 0.25
"""A template usually fails as often as those that are sound; at least by this part of the share that may fail."""

MAX_CHANCE = 0.001
"""A template fails by itself where it would fail so often by chance in no more of the hours."""

SAME_MINUTES = 60
"""Templates that fail for the same reason within so long fail for one cause."""

LEAST_LOOKED = 45
"""Minutes of the last hour of which the depth of the queue has to be known."""

MAX_PAUSED = 0.25
"""A queue that was paused for more of the hour is not compared with the hour before."""

BREAKERS = ("nexrender",)
"""Renderers whose server has a breaker of the same name."""


def look_at_pending(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find instructions that could have been claimed for too long: of the queue, or of one template or renderer."""
    name, minutes = Detector.PENDING_TOO_LONG, rules.detectors.pending_too_long.minutes
    queue = require(facts.queue)
    groups = queue.groups
    waiting = sum(each.waiting for each in groups)
    late = [each for each in groups if each.delayed and each.since]
    if not late:
        since = [each.since for each in groups if each.since]
        longest = f", the longest for {show_seconds((facts.now - min(since)).total_seconds())}" if since else ""
        return judged(name, waiting, f"{count(waiting, 'instruction')} wait{longest}; the limit is {minutes:g} min")
    delayed = sum(each.delayed for each in late)
    wrong = [(each, each.delayed) for each in late]
    # While nothing at all is claimed, that one template is late first says nothing about it.
    others = _has_others(groups, late, lambda each: each.waiting > 0 and queue.claims > 0)
    subject = _keep_subject(name, wrong, history) or _find_cause(wrong, others)
    age = max((facts.now - each.since).total_seconds() for each in late if each.since)
    told = f"{count(delayed, 'instruction')} of {waiting:,} that wait could have been claimed for more than"
    of = "" if subject is QUEUE else f" ({subject})"
    finding = make_finding(
        name,
        subject,
        AlertSeverity.ERROR,
        f"{told} {minutes:g} min, the oldest for {show_seconds(age)}{of}",
        "`pokervod render list --state pending` shows them; `pokervod render worker` starts one more worker",
        explained_by=(
            WORKERS_KEY,
            *(QUEUE_LATE_KEY,) * (subject is not QUEUE),
            *_list_breakers(each.renderer for each in late),
        ),
        delayed=delayed,
        waiting=waiting,
        oldest_seconds=round(age),
        templates=sorted({each.template for each in late}),
    )
    return judged(name, waiting, "", [finding])


def _list_breakers(renderers: Iterable[str]) -> Iterator[str]:
    for each in sorted({*renderers} & {*BREAKERS}):
        yield make_key(Detector.BREAKER_OPEN, Subject(kind=SubjectKind.SERVICE, name=each))
        yield make_key(Detector.SERVICE_DOWN, Subject(kind=SubjectKind.SERVICE, name=each))


@dataclass(frozen=True, slots=True)
class _Others:
    """Tell what works beside what is wrong."""

    templates: frozenset[str]
    renderers: frozenset[str]


def _has_others(
    groups: Sequence[WaitingGroup], wrong: Sequence[WaitingGroup], works: Callable[[WaitingGroup], bool]
) -> _Others:
    bad = [*wrong]
    good = [each for each in groups if each not in bad and works(each)]
    return _Others(frozenset(each.template for each in good), frozenset(each.renderer for each in good))


def _find_cause(wrong: Sequence[tuple[WaitingGroup | EndedGroup, int]], others: _Others) -> Subject:
    """Return the template or the renderer that nearly all of it is of, where others work; the queue otherwise."""
    templates, renderers = Counter[str](), Counter[str]()
    for group, number in wrong:
        templates[group.template] += number
        renderers[group.renderer] += number
    total = sum(templates.values())
    template, of_template = templates.most_common(1)[0]
    if of_template >= CONCENTRATED * total and others.templates - {template}:
        return _name_template(template)
    renderer, of_renderer = renderers.most_common(1)[0]
    if of_renderer >= CONCENTRATED * total and others.renderers - {renderer}:
        return _name_renderer(renderer)
    return QUEUE


def _name_template(name: str) -> Subject:
    return Subject(kind=SubjectKind.TEMPLATE, name=name)


def _name_renderer(name: str) -> Subject:
    return Subject(kind=SubjectKind.SERVICE, name=f"renderer {name}")


def _keep_subject(
    detector: Detector, wrong: Sequence[tuple[WaitingGroup | EndedGroup, int]], history: History
) -> Subject | None:
    """Return the subject of the incident that is open, while it is part of what is wrong: one cause is told once."""
    parts = {QUEUE}
    for group, number in wrong:
        parts |= {_name_template(group.template), _name_renderer(group.renderer)} if number else set()
    found = (each for each in history.found.values() if each.is_open and each.finding.detector == detector)
    subjects = [each.finding.subject for each in found if each.finding.subject in parts]
    return QUEUE if QUEUE in subjects else next(iter(subjects), None)


def look_at_processing(facts: Facts, rules: MonitoringSettings, _: History) -> Look:
    """Find claimed instructions that are past their limit or lease, by the worker that has them."""
    name, grace = Detector.PROCESSING_TOO_LONG, rules.detectors.processing_too_long.grace_seconds
    processing = require(facts.processing)
    over: dict[str, list[tuple[int, float, str]]] = {}
    for job in processing.late:
        silent = (facts.now - job.lease_until).total_seconds()
        beyond = (facts.now - job.started_at).total_seconds() - job.limit_seconds
        if max(silent, beyond) > grace:
            what = f"its worker is silent for {show_seconds(silent)}" if silent > grace else "it is beyond its limit"
            over.setdefault(job.worker, []).append((job.id, max(silent, beyond), what))
    findings = [
        make_finding(
            name,
            Subject(kind=SubjectKind.WORKER, name=worker),
            AlertSeverity.ERROR,
            f"{count(len(jobs), 'job')} of {worker} should have ended, the worst {show_seconds(worst[1])} ago: "
            f"instruction {worst[0]}, {worst[2]}",
            "`pokervod render rescue` requeues them; `pokervod render workers` shows who lives",
            explained_by=(
                make_key(Detector.WORKER_STOPPED, Subject(kind=SubjectKind.WORKER, name=worker)),
                WORKERS_KEY,
            ),
            instructions=[each[0] for each in jobs],
            worst_seconds=round(worst[1]),
        )
        for worker, jobs in sorted(over.items())
        for worst in [max(jobs, key=lambda each: each[1])]
    ]
    return judged(
        name, processing.processing, f"{count(processing.processing, 'job')} in work, all within their limits", findings
    )


def look_at_priorities(facts: Facts, rules: MonitoringSettings, _: History) -> Look:
    """Find instructions that wait while many of a later rank were claimed."""
    name, limits = Detector.PRIORITY_INVERTED, rules.detectors.priority_inverted
    queue = require(facts.queue)
    over = [
        each
        for each in queue.overtaken
        if each.by >= limits.claims and (facts.now - each.since).total_seconds() >= limits.after_seconds
    ]
    if not over:
        return judged(name, queue.claims, f"{count(queue.claims, 'claim')} of the last minutes kept the order of ranks")
    worst = max(over, key=lambda each: each.by)
    waited = show_seconds((facts.now - worst.since).total_seconds())
    finding = make_finding(
        name,
        QUEUE,
        AlertSeverity.WARNING,
        f"{count(len(over), 'instruction')} of an earlier rank wait while later ones are claimed: instruction "
        f"{worst.id} (priority {worst.priority}) for {waited}, overtaken by {worst.by}",
        f"`pokervod render show {worst.id}` tells why; end the session of the database that keeps its row locked",
        instructions=[each.id for each in over],
        overtaken_by=worst.by,
    )
    return judged(name, queue.claims, "", [finding])


def look_at_errors(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find too large a share of graphics that failed in the last hour: of all, or of one template or renderer."""
    name, limits = Detector.ERROR_RATE, rules.detectors.error_rate
    groups = [each for each in require(facts.hours).last if _count_ended(each)]
    ended, bad = sum(map(_count_ended, groups)), sum(map(_count_bad, groups))
    if ended < limits.min_jobs and (bad or not ended or not _is_any_open(history)):
        return learning(name, ended, f"{count(ended, 'graphic')} ended in the last hour, it needs {limits.min_jobs}")
    findings = [*_judge_errors(groups, limits, history, facts.host)]
    return judged(
        name, ended, f"{bad:,} of {ended:,} graphics of the last hour failed; {limits.share:.0%} may", findings
    )


def _judge_errors(
    groups: Sequence[EndedGroup], limits: ErrorRateSettings, history: History, host: str
) -> Iterator[Finding]:
    ended, bad = sum(map(_count_ended, groups)), sum(map(_count_bad, groups))
    if ended >= limits.min_jobs and bad > ended * (limits.end_share if _is_any_open(history) else limits.share):
        good = [each for each in groups if _count_ended(each) and not _is_bad(each, limits.share)]
        others = _Others(frozenset(each.template for each in good), frozenset(each.renderer for each in good))
        wrong = [(each, _count_bad(each)) for each in groups]
        worse = [(each, number) for each, number in wrong if _is_bad(each, limits.share)]
        subject = _keep_subject(Detector.ERROR_RATE, worse, history) or _find_cause(wrong, others)
        yield _make_error(subject, groups, ended, bad, limits, host)
        return
    sound = [each for each in groups if not _is_bad(each, limits.share)]
    usual = max(sum(map(_count_bad, sound)) / max(1, sum(map(_count_ended, sound))), limits.share * USUAL_PART)
    for template in sorted({each.template for each in groups}):
        own = [each for each in groups if each.template == template]
        subject = _name_template(template)
        of, failed = sum(map(_count_ended, own)), sum(map(_count_bad, own))
        if history.is_open(make_key(Detector.ERROR_RATE, subject)):
            is_wrong = failed > of * limits.end_share
        else:
            is_wrong = failed > of * limits.share and find_chance(of, failed, usual) <= MAX_CHANCE
        if of >= limits.min_jobs and is_wrong:
            yield _make_error(subject, own, of, failed, limits, host)


def _is_any_open(history: History) -> bool:
    return any(each.is_open for key, each in history.found.items() if key.startswith(f"{Detector.ERROR_RATE} "))


def _is_bad(group: EndedGroup, share: float) -> bool:
    return _count_bad(group) > _count_ended(group) * share


def _make_error(
    subject: Subject, groups: Sequence[EndedGroup], ended: int, bad: int, limits: ErrorRateSettings, host: str
) -> Finding:
    late = sum(each.timed_out for each in groups)
    worst = Counter({each.template: _count_bad(each) for each in groups}).most_common(1)[0]
    return make_finding(
        Detector.ERROR_RATE,
        subject,
        AlertSeverity.ERROR,
        f"{bad:,} of {ended:,} graphics of the last hour failed ({bad / ended:.0%}, {limits.share:.0%} may)"
        + (f", {late:,} of them by time" if late else "")
        + f"; most of {worst[0]} ({worst[1]:,})",
        "`pokervod render list --state failed` shows why",
        explained_by=(
            *_list_breakers(each.renderer for each in groups if _count_bad(each)),
            *_list_places(host),
            *(key for key in _list_error_keys(groups) if key != make_key(Detector.ERROR_RATE, subject)),
        ),
        failed=bad,
        ended=ended,
        timed_out=late,
    )


def _list_places(host: str) -> Iterator[str]:
    """Yield the keys of what is wrong with the place that graphics are written to."""
    yield make_key(Detector.SERVICE_DOWN, Subject(kind=SubjectKind.SERVICE, name="outputs"))
    for each in ("outputs", "home"):
        yield make_key(Detector.DISK_FULL, name_disk(each, host))


def _list_error_keys(groups: Iterable[EndedGroup | FailedGroup]) -> Iterator[str]:
    """Yield the keys of what is wider than one template: of its renderer, and of the queue."""
    for each in sorted({each.renderer for each in groups}):
        yield make_key(Detector.ERROR_RATE, _name_renderer(each))
    yield make_key(Detector.ERROR_RATE, QUEUE)


def _count_ended(group: EndedGroup) -> int:
    return group.completed + group.failed + group.timed_out


def _count_bad(group: EndedGroup) -> int:
    return group.failed + group.timed_out


def look_at_throughput(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find less than half as many graphics as in the hour before, where work waited all the time."""
    name, limits = Detector.THROUGHPUT_DROPPED, rules.detectors.throughput_dropped
    hours = require(facts.hours)
    now, before = (sum(each.completed for each in group) for group in (hours.last, hours.before))
    if missing := _find_missing(hours, before, limits.min_jobs):
        return learning(name, before, missing)
    waited = hours.waiting_minutes / hours.looked_minutes
    told = f"{now:,} graphics in the last hour, {before:,} in the hour before"
    share = limits.end_share if history.is_open(make_key(name, QUEUE)) else limits.share
    late = facts.now - timedelta(minutes=limits.waiting_minutes)
    # After a hurry the queue is calm again: what waits for a moment then is no sign of slowness.
    waits = any(each.waiting and each.since and each.since <= late for each in require(facts.queue).groups)
    if now >= before * share or waited < limits.waiting_share or not waits:
        idle = "" if waited >= limits.waiting_share and waits else f"; work waited in {waited:.0%} of the hour"
        return judged(name, now + before, f"{told}{idle}")
    finding = make_finding(
        name,
        QUEUE,
        AlertSeverity.WARNING,
        f"{told} ({now / before:.0%}, {limits.share:.0%} are expected), while work waited in {waited:.0%} of the hour",
        "`pokervod render workers` and `pokervod metrics --by template` show what is slow",
        explained_by=(WORKERS_KEY, QUEUE_LATE_KEY, make_key(Detector.ERROR_RATE, QUEUE), *_list_breakers(BREAKERS)),
        completed=now,
        before=before,
    )
    return judged(name, now + before, "", [finding])


def _find_missing(hours: HourFacts, before: int, least: int) -> str:
    if hours.looked_minutes < LEAST_LOOKED:
        return (
            f"the depth of the queue is known of {hours.looked_minutes} of the last 60 minutes, it needs {LEAST_LOOKED}"
        )
    if before < least:
        return f"{count(before, 'graphic')} in the hour before, of which it needs {least}"
    if hours.paused_minutes > MAX_PAUSED * hours.looked_minutes:
        return f"the queue was paused in {hours.paused_minutes} of the last 60 minutes, so hours cannot be compared"
    return ""


def look_at_failed(facts: Facts, _: MonitoringSettings, __: History) -> Look:
    """Find graphics that failed for good, one finding for each template."""
    failed = require(facts.failed)
    by_template: dict[str, list[FailedGroup]] = {}
    for each in failed:
        by_template.setdefault(each.template, []).append(each)
    findings = [
        _make_failed(template, groups, facts.host, [*_find_same(groups, failed)])
        for template, groups in sorted(by_template.items())
    ]
    return judged(
        Detector.GRAPHIC_FAILED, sum(each.count for each in failed), "no graphic has failed for good", findings
    )


def _find_same(groups: Sequence[FailedGroup], failed: Sequence[FailedGroup]) -> Iterator[str]:
    """Yield the keys of the templates that failed before, within the hour, and for the same reason: it is one cause."""
    first = min(groups, key=lambda each: each.first_at)
    for each in sorted(failed, key=lambda each: each.first_at):
        is_before = (each.first_at, each.template) < (first.first_at, first.template)
        is_near = each.last_at >= first.first_at - timedelta(minutes=SAME_MINUTES)
        if each.template != first.template and is_before and is_near and _strip(each) == _strip(first):
            yield make_key(Detector.GRAPHIC_FAILED, _name_template(each.template))


def _strip(group: FailedGroup) -> str:
    """Return the reason without what differs from graphic to graphic: numbers, and the name of the template."""
    return re.sub(r"\d+", "", group.reason.replace(group.template, ""))


def _make_failed(template: str, groups: Sequence[FailedGroup], host: str, same: Sequence[str]) -> Finding:
    total, newest = sum(each.count for each in groups), max(groups, key=lambda each: each.last_at)
    ids = [id_ for each in groups for id_ in each.ids]
    subject = Subject(kind=SubjectKind.TEMPLATE, name=template)
    return make_finding(
        Detector.GRAPHIC_FAILED,
        subject,
        AlertSeverity.WARNING,
        f"{count(total, 'graphic')} of {template} failed for good (instruction {name_first([*map(str, ids)])}); "
        f"the last: {newest.reason}",
        f"correct the cause, then `pokervod render retry {ids[0]} --reason …`, or `pokervod render cancel {ids[0]} …`",
        explained_by=(
            make_key(Detector.ERROR_RATE, subject),
            *_list_error_keys(groups),
            *_list_breakers(each.renderer for each in groups),
            *_list_places(host),
            *same,
        ),
        instructions=ids,
        count=total,
    )
