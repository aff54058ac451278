"""Detect what has stopped: the database, Dagster's daemon and sensors, the watcher, workers, detectors, runs; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.detectors.facts import DagsterFacts, Facts, LookerFacts, RunFacts, WorkerFacts
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.looking import (
    DAEMON,
    DAEMON_KEY,
    DATABASE,
    DAY,
    MINUTE,
    WORKERS,
    WORKERS_KEY,
    count,
    judged,
    learning,
    make_finding,
    name_first,
    require,
    show_seconds,
    unused,
)
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, Subject, SubjectKind, make_key
from pokervod_pipelines.settings.detectors import RunSettings, SensorSettings
from pokervod_pipelines.settings.monitoring import MonitoringSettings

DAEMON_PARTS = ("SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING", "EVENT_LOG_CONSUMER")
"""The parts of Dagster's daemon that this system needs."""

FAILING = "failing"
"""The variant of a finding about a sensor that ticks in vain."""

OFF = "off"
"""The variant of a finding about a sensor that a person stopped."""

ALL_SENSORS = Subject(kind=SubjectKind.SENSOR, name="all")

FEW = 3
MOST = 0.5
"""Where more than half of the sensors do not tick, and three at least, that is one incident."""

DETECTORS_SENSOR = "anomalies"

START_DEV = "restart `pokervod dev`, or the unit of dagster-daemon"


def look_at_database(facts: Facts, _: MonitoringSettings, __: History) -> Look:
    """Find that the database does not answer."""
    away = facts.database.away_since
    if away is None:
        return judged(Detector.DATABASE_AWAY, 1, "the database answers")
    age = (facts.now - away).total_seconds()
    finding = Finding(
        detector=Detector.DATABASE_AWAY,
        subject=DATABASE,
        severity=AlertSeverity.CRITICAL,
        summary=f"the database has not answered for {show_seconds(age)}: {facts.database.problem}",
        advice="start the server, then `pokervod doctor`; what was seen meanwhile is kept in a file",
        figures={"away_since": away.isoformat(), "seconds": round(age)},
    )
    return judged(Detector.DATABASE_AWAY, 1, "", [finding])


def look_at_daemon(facts: Facts, rules: MonitoringSettings, _: History) -> Look:
    """Find that Dagster's daemon, or a part of it, sends no heartbeat; where it never ran, nothing is missed."""
    name, limit = Detector.DAEMON_STOPPED, rules.detectors.daemon_stopped.after_seconds
    heartbeats = require(facts.dagster).heartbeats
    ages = {part: (facts.now - heartbeats[part]).total_seconds() for part in DAEMON_PARTS if part in heartbeats}
    if not ages:
        return unused(name, "Dagster's daemon has never run here")
    silent = {part: age for part, age in ages.items() if age > limit}
    if not silent:
        return judged(name, len(ages), f"{len(ages)} parts live, the last heartbeat {max(ages.values()):.0f} s ago")
    whole = len(silent) == len(ages)
    parts = "" if whole else f" of {name_first([each.lower() for each in silent])}"
    finding = make_finding(
        name,
        DAEMON,
        AlertSeverity.CRITICAL if whole else AlertSeverity.ERROR,
        f"Dagster's daemon: no heartbeat{parts} for {show_seconds(min(silent.values()))}; "
        "no schedule and no sensor runs",
        START_DEV,
        silent=sorted(silent),
        seconds=round(min(silent.values())),
    )
    return judged(name, len(ages), "", [finding])


def look_at_sensors(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find sensors that do not tick, or whose ticks fail; those of a daemon that has stopped are its effects."""
    name, limits = Detector.SENSOR_STOPPED, rules.detectors.sensor_stopped
    dagster = require(facts.dagster)
    if not dagster.heartbeats:
        return unused(name, "Dagster's daemon has never run here")
    looked = (facts.now - (history.first_look_at or facts.now)).total_seconds()
    findings = [found for each in dagster.sensors if (found := _judge_sensor(each, facts, limits, history, looked))]
    silent = [each for each in findings if not each.variant]
    if len(silent) >= FEW and len(silent) > len(dagster.sensors) * MOST:
        findings = [_report_most(silent, len(dagster.sensors)), *(each for each in findings if each.variant)]
    waiting = [each.name for each in dagster.sensors if each.ticked_at is None and not each.is_stopped]
    if not findings and len(waiting) == len(dagster.sensors):
        return learning(name, len(waiting), f"none of {count(len(waiting), 'sensor')} has ticked yet")
    return judged(name, len(dagster.sensors), f"{count(len(dagster.sensors), 'sensor')} tick in time", findings)


def _report_most(silent: Sequence[Finding], total: int) -> Finding:
    """Return one finding for all sensors that do not tick: what runs them hangs, or cannot load the definitions."""
    names = [each.subject.name for each in silent]
    return make_finding(
        Detector.SENSOR_STOPPED,
        ALL_SENSORS,
        AlertSeverity.CRITICAL,
        f"{len(silent)} of {total} sensors do not tick, though Dagster's daemon lives: {name_first(names)}",
        "look under Deployment in Dagster whether the definitions load, then restart `pokervod dev`",
        explained_by=(DAEMON_KEY,),
        sensors=names,
    )


def _judge_sensor(
    sensor: SensorFacts, facts: Facts, limits: SensorSettings, history: History, looked: float
) -> Finding | None:
    """Return what is wrong with it; one that a person stopped is told too, since it is easily forgotten."""
    limit = max(limits.after_seconds, limits.missed_ticks * sensor.interval_seconds)
    if sensor.is_stopped:
        return _report_left_off(sensor)
    age = looked if sensor.ticked_at is None else (facts.now - sensor.ticked_at).total_seconds()
    subject = Subject(kind=SubjectKind.SENSOR, name=sensor.name)
    explained_by = (DAEMON_KEY,)
    if age > limit:
        told = "has not ticked yet" if sensor.ticked_at is None else f"has not ticked for {show_seconds(age)}"
        often = f", expected every {sensor.interval_seconds:.0f} s" if sensor.interval_seconds else ""
        return make_finding(
            Detector.SENSOR_STOPPED,
            subject,
            AlertSeverity.ERROR,
            f"sensor {sensor.name} {told}{often}",
            "look at its ticks in Dagster under Automation, then restart `pokervod dev`",
            explained_by=explained_by,
            seconds=round(age),
        )
    if not sensor.error:
        return None
    key = make_key(Detector.SENSOR_STOPPED, subject, FAILING)
    before = history.found.get(key)
    since = facts.now if before is None else before.first_at
    lasted = (facts.now - since).total_seconds()
    return make_finding(
        Detector.SENSOR_STOPPED,
        subject,
        AlertSeverity.ERROR,
        f"the ticks of sensor {sensor.name} have failed for {show_seconds(lasted)}: {sensor.error}",
        "correct what it says; it ticks again by itself",
        explained_by=explained_by,
        variant=FAILING,
    )


def _report_left_off(sensor: SensorFacts) -> Finding:
    found = make_finding(
        Detector.SENSOR_STOPPED,
        Subject(kind=SubjectKind.SENSOR, name=sensor.name),
        AlertSeverity.WARNING,
        f"sensor {sensor.name} does not tick: a person stopped it in Dagster",
        "start it under Automation; if it is meant: `pokervod incidents mute …`",
        variant=OFF,
    )
    return replace(found, explained_by=())  # no fault makes a person do that


def look_at_watcher(facts: Facts, rules: MonitoringSettings, _: History) -> Look:
    """Find that a watcher that was here within a day is gone, or that it lives and looks at nothing."""
    name, limit = Detector.WATCHER_STOPPED, rules.detectors.watcher_stopped.after_seconds
    watcher = require(facts.watcher)
    if watcher.seen_at is None:
        return unused(name, "no watcher has ever run here; Dagster's sensors look")
    age = (facts.now - watcher.seen_at).total_seconds()
    if age > DAY and not watcher.is_alive:
        return unused(name, f"the last watcher looked {show_seconds(age)} ago; it is not missed any more")
    if age <= limit:
        return judged(name, 1, f"{watcher.name} looked {age:.0f} s ago")
    state = "lives and looks at nothing" if watcher.is_alive else "is gone"
    sensors, of = _has_sensors(facts), f", {watcher.name}," if watcher.name else ""
    finding = make_finding(
        name,
        Subject(kind=SubjectKind.SERVICE, name="watcher"),
        AlertSeverity.WARNING if sensors else AlertSeverity.ERROR,
        f"the watcher{of} looked {show_seconds(age)} ago and {state}; "
        + ("Dagster's sensors look, more slowly" if sensors else "no sensors run: files, edits and events wait"),
        "end its processes; `dev` or its unit starts it again"
        if watcher.is_alive
        else "start `pokervod dev` or the watcher's unit",
        seconds=round(age),
    )
    return judged(name, 1, "", [finding])


def _has_sensors(facts: Facts) -> bool:
    if not isinstance(facts.dagster, DagsterFacts):
        return False
    seen = facts.dagster.heartbeats.get("SENSOR")
    return seen is not None and (facts.now - seen).total_seconds() <= 2 * MINUTE


def look_at_detectors(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find that one of the two that run the detectors has not looked for a while."""
    name, limit = Detector.DETECTORS_STOPPED, rules.detectors.detectors_stopped.after_seconds
    lookers = [each for each in require(facts.lookers) if each.is_expected]
    if not lookers:
        return unused(name, "neither a sensor nor a watcher looks; only who asks does")
    began = history.first_look_at or facts.now
    findings = [
        _report_looker(each, age, facts)
        for each in lookers
        if (age := (facts.now - (each.seen_at or began)).total_seconds()) > limit
    ]
    told = ", ".join(f"{each.name} looked" for each in lookers)
    return judged(name, len(lookers), f"{told} within {show_seconds(limit)}", findings)


def _report_looker(looker: LookerFacts, age: float, facts: Facts) -> Finding:
    if looker.name == "sensor":
        explained = (DAEMON_KEY, make_key(Detector.SENSOR_STOPPED, ALL_SENSORS), *_key_sensor())
        advice = f"look at the ticks of {DETECTORS_SENSOR} in Dagster under Automation"
    else:
        explained = (make_key(Detector.WATCHER_STOPPED, Subject(kind=SubjectKind.SERVICE, name="watcher")),)
        advice = "`pokervod logs` tells why; start `pokervod dev` or the watcher's unit again"
    return make_finding(
        Detector.DETECTORS_STOPPED,
        Subject(kind=SubjectKind.DETECTOR, name=looker.name),
        AlertSeverity.ERROR,
        f"the detectors of the {looker.name} have not looked for {show_seconds(age)}, expected every 30 s",
        advice,
        explained_by=explained,
        seconds=round(age),
    )


def _key_sensor() -> Iterator[str]:
    for variant in (FAILING, OFF, ""):
        yield make_key(Detector.SENSOR_STOPPED, Subject(kind=SubjectKind.SENSOR, name=DETECTORS_SENSOR), variant)


def look_at_workers(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find workers that died or are quarantined, and that work waits while none is alive."""
    name, limits = Detector.WORKER_STOPPED, rules.detectors.worker_stopped
    workers = [
        each for each in require(facts.workers) if each.is_alive or (facts.now - each.seen_at).total_seconds() < DAY
    ]
    groups = require(facts.queue).groups
    waiting = sum(each.waiting for each in groups)
    since = [each.since for each in groups if each.waiting and each.since]
    waited = (facts.now - min(since)).total_seconds() if since else 0.0
    findings = [found for each in workers if (found := _judge_worker(each, facts, limits.after_seconds))]
    able = [each for each in workers if each.is_alive and not each.quarantine_reason]
    idle = not able and waiting and (waited > limits.missed_seconds or (findings and waited > limits.after_seconds))
    # Several that died leave one incident: whoever comes to the floor starts them all.
    have_all_died = not able and len(findings) > 1
    if idle or have_all_died or (waiting and not able and history.is_open(WORKERS_KEY)):
        findings = [_report_all_gone(workers, waiting, waited), *findings]
    if not workers and not waiting:
        return judged(name, 0, "no worker has run within a day, and nothing waits")
    return judged(name, len(workers), f"{count(len(able), 'worker')} alive, {count(waiting, 'graphic')} wait", findings)


def _report_all_gone(workers: Sequence[WorkerFacts], waiting: int, waited: float) -> Finding:
    work = (
        f"{count(waiting, 'graphic')} wait, the oldest for {show_seconds(waited)}" if waiting else "nothing waits yet"
    )
    return make_finding(
        Detector.WORKER_STOPPED,
        WORKERS,
        AlertSeverity.CRITICAL if waiting else AlertSeverity.ERROR,
        f"{work}, and no worker is able to render: {count(len(workers), 'worker')} of the last day, "
        "none alive and free",
        "start `pokervod render worker`, or `pokervod dev`",
        waiting=waiting,
        seconds=round(waited),
    )


def _judge_worker(worker: WorkerFacts, facts: Facts, limit: float) -> Finding | None:
    subject, age = Subject(kind=SubjectKind.WORKER, name=worker.name), (facts.now - worker.seen_at).total_seconds()
    if worker.quarantine_reason:
        return make_finding(
            Detector.WORKER_STOPPED,
            subject,
            AlertSeverity.WARNING,
            f"worker {worker.name} is quarantined: {worker.quarantine_reason}",
            f"correct its machine, then `pokervod render workers --reinstate {worker.name}`",
            variant="quarantined",
        )
    if worker.is_alive or age <= limit:
        return None
    return make_finding(
        Detector.WORKER_STOPPED,
        subject,
        AlertSeverity.ERROR,
        f"worker {worker.name} on {worker.host} has sent no heartbeat for {show_seconds(age)}",
        "start `pokervod render worker` on its machine again",
        explained_by=(WORKERS_KEY,),
        seconds=round(age),
    )


def look_at_runs(facts: Facts, rules: MonitoringSettings, _: History) -> Look:
    """Find runs that take far longer than their job does, and runs that do not begin."""
    limits = rules.detectors.run_stuck
    runs = require(facts.dagster).runs
    findings = [found for each in runs if (found := _judge_run(each, facts, limits))]
    return judged(Detector.RUN_STUCK, len(runs), f"{count(len(runs), 'run')} in progress, none for too long", findings)


def _judge_run(run: RunFacts, facts: Facts, limits: RunSettings) -> Finding | None:
    age = (facts.now - run.since).total_seconds()
    title = f"{run.job} {run.partition}".strip()
    if run.state == "queued":
        limit, told = limits.queued_minutes * MINUTE, "has not begun"
    elif run.typical_seconds is None:
        limit, told = limits.unknown_minutes * MINUTE, "runs"
    else:
        limit = max(limits.times_typical * run.typical_seconds, limits.min_minutes * MINUTE)
        told = f"usually takes {show_seconds(run.typical_seconds)}, and runs"
    if age <= limit:
        return None
    return make_finding(
        Detector.RUN_STUCK,
        Subject(kind=SubjectKind.WORKFLOW, name=title),
        AlertSeverity.WARNING,
        f"{title} {told} for {show_seconds(age)} (run {run.run_id[:8]})",
        "look at the run in Dagster; *Terminate* ends it, and its next run goes on",
        explained_by=(DAEMON_KEY,),
        variant=run.state,
        run_id=run.run_id,
        seconds=round(age),
    )
