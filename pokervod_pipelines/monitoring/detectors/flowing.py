"""Detect what does not flow: sources that are not read, shows without hands, hands without graphics; pure."""

from collections.abc import Iterator
from datetime import timedelta

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.detectors.facts import Facts, OrphanDay, ShowFacts, SourceFacts
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.looking import (
    DAEMON_KEY,
    MINUTE,
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
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, Subject, SubjectKind, make_key
from pokervod_pipelines.settings.detectors import ShowSettings, SourceSettings
from pokervod_pipelines.settings.monitoring import MonitoringSettings

KINDS = {
    "sheet": SubjectKind.SHEET,
    "library": SubjectKind.LIBRARY,
    "drop folder": SubjectKind.FOLDER,
    "export folder": SubjectKind.FOLDER,
}

ADVICE = {
    "sheet": "`pokervod sheets list` tells why; `pokervod sheets sync {name}` reads it now",
    "library": "`pokervod nas scan --library {name}` scans it now",
    "drop folder": "`pokervod health` tells who looks at it; `pokervod execute hands_to_renders --wait` reads it now",
    "export folder": "`pokervod health` tells who looks at it; `pokervod execute hands_to_renders --wait` reads it now",
}

GOOGLE = ("sheets", "drive")
"""The breakers of what sheets are read from."""

READERS = {
    "sheet": "full_sync",
    "library": "incremental_sync",
    "drop folder": "hands_to_renders",
    "export folder": "hands_to_renders",
}
"""The workflow that reads each kind: while a person holds it, what it reads is not late."""

MAKER = "hands_to_renders"
"""The workflow that makes the instructions of hands."""

WAITING = "waiting"
"""The variant of a finding about files that lie in a folder unread."""

INSTRUCTIONS = "render instructions"
"""The consumer that makes instructions of hands."""


def look_at_sources(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find sheets, libraries and folders that were not read for too long, or whose reading fails."""
    name, limits = Detector.SOURCE_STALE, rules.detectors.source_stale
    sources = require(facts.sources)
    if not sources:
        return unused(name, "the settings name no sheet, library or folder")
    findings = [found for each in sources if (found := _judge_source(each, facts, limits, history))]
    if not findings and all(each.expected_seconds is None for each in sources):
        return unused(name, f"Dagster's daemon has never run here, so none of {count(len(sources), 'source')} is due")
    unknown = [each for each in sources if each.read_at is None and not _is_old(each, facts, limits, history)]
    if len(unknown) == len(sources) and not findings:
        return learning(name, len(sources), f"none of {count(len(sources), 'source')} was read yet")
    told = f"{count(len(sources), 'source')} were read in time"
    return judged(name, len(sources), told + (f", {len(unknown)} not yet" if unknown else ""), findings)


def _judge_source(source: SourceFacts, facts: Facts, limits: SourceSettings, history: History) -> Finding | None:
    if said := _describe_lag(source, facts, limits, history):
        return _report_source(source, facts, said)
    if source.waiting and not _is_held(READERS[source.kind], facts) and source.waiting_since is not None:
        waited = (facts.now - source.waiting_since).total_seconds()
        if waited > limits.waiting_minutes * MINUTE:
            said = f"has {count(source.waiting, 'file')} to be read, the oldest {show_seconds(waited)} old"
            return _report_source(source, facts, said, variant=WAITING)
    return None


def _report_source(source: SourceFacts, facts: Facts, said: str, *, variant: str = "") -> Finding:
    kind = KINDS[source.kind]
    explained = [DAEMON_KEY]
    if source.root:
        explained = [make_key(Detector.ROOT_AWAY, Subject(kind=SubjectKind.ROOT, name=source.root)), *explained]
    if source.kind == "sheet":
        explained += [
            make_key(Detector.SERVICE_DOWN, Subject(kind=SubjectKind.SERVICE, name="sheets")),
            *(make_key(Detector.BREAKER_OPEN, Subject(kind=SubjectKind.SERVICE, name=each)) for each in GOOGLE),
        ]
    elif kind is SubjectKind.FOLDER:
        explained.append(make_key(Detector.WATCHER_STOPPED, Subject(kind=SubjectKind.SERVICE, name="watcher")))
        explained.append(make_key(Detector.SERVICE_DOWN, Subject(kind=SubjectKind.SERVICE, name="drop folders")))
    return make_finding(
        Detector.SOURCE_STALE,
        Subject(kind=kind, name=source.name),
        AlertSeverity.ERROR if kind is SubjectKind.FOLDER else AlertSeverity.WARNING,
        f"{source.kind} {source.name} {said}",
        ADVICE[source.kind].format(name=source.name),
        explained_by=explained,
        variant=variant,
        seconds=None if source.read_at is None else round((facts.now - source.read_at).total_seconds()),
        waiting=source.waiting,
    )


def _describe_lag(source: SourceFacts, facts: Facts, limits: SourceSettings, history: History) -> str:
    """Return what is wrong with when it was read, "" where nothing is."""
    if source.problem:
        return f"cannot be read: {source.problem}"
    if _is_held(READERS[source.kind], facts) or not _is_old(source, facts, limits, history):
        return ""
    often = show_seconds(source.expected_seconds or 0)
    if source.read_at is None:
        return f"was never read; it is due every {often}"
    return f"was not read for {show_seconds((facts.now - source.read_at).total_seconds())}; it is due every {often}"


def _is_held(workflow: str, facts: Facts) -> bool:
    return Subject(kind=SubjectKind.WORKFLOW, name=workflow) in facts.held


def _is_old(source: SourceFacts, facts: Facts, limits: SourceSettings, history: History) -> bool:
    """Return whether it is past its time; of one that was never read, since the detectors looked first."""
    if source.expected_seconds is None:
        return False
    since = source.read_at or history.first_look_at or facts.now
    is_folder = KINDS[source.kind] is SubjectKind.FOLDER
    slack = timedelta(minutes=limits.folder_minutes if is_folder else limits.late_minutes)
    return facts.now - since > timedelta(seconds=source.expected_seconds) + slack


def look_at_shows(facts: Facts, rules: MonitoringSettings, _: History) -> Look:
    """Find live slots of the schedule that are on and bring no hands."""
    name, limits = Detector.NO_DATA, rules.detectors.no_data
    facts_of_shows = require(facts.shows)
    shows = facts_of_shows.shows
    if not shows:
        return judged(name, 0, "no live slot of the schedule is on now")
    if not facts_of_shows.has_hands_ever:
        return learning(
            name, len(shows), f"{count(len(shows), 'show')} on, and no show has had hands yet; it needs one"
        )
    return judged(
        name,
        len(shows),
        f"{count(len(shows), 'show')} on, with {sum(each.hands for each in shows):,} hands",
        [found for each in shows if (found := _judge_show(each, facts, limits))],
    )


def _judge_show(show: ShowFacts, facts: Facts, limits: ShowSettings) -> Finding | None:
    began = (facts.now - show.starts_at).total_seconds()
    silent = began if show.last_at is None else (facts.now - show.last_at).total_seconds()
    limit = limits.silence_minutes if show.last_at is not None and show.hands else limits.start_minutes
    if min(began, silent) <= limit * MINUTE:
        return None
    since = f"for {show_seconds(silent)}" if show.hands else f"since it began {show_seconds(began)} ago"
    folders = Subject(kind=SubjectKind.SERVICE, name="drop folders")
    return make_finding(
        Detector.NO_DATA,
        Subject(kind=SubjectKind.SHOW, name=f"{show.channel} {show.starts_at:%Y-%m-%dT%H:%MZ}"),
        AlertSeverity.ERROR,
        f"{show.title} is on {show.channel}, and no hand came {since} ({show.hands:,} before); "
        f"{limit:g} min are allowed",
        "check the tables' programs and the drop folders (`pokervod health`); a break: `pokervod incidents mute …`",
        explained_by=(make_key(Detector.SERVICE_DOWN, folders), DAEMON_KEY),
        hands=show.hands,
        silent_seconds=round(silent),
    )


def look_at_hands(facts: Facts, rules: MonitoringSettings, _: History) -> Look:
    """Find shown premium hands that have no instruction long after they came, one finding for each broadcast day."""
    name, minutes = Detector.ORPHAN_HAND, rules.detectors.orphan_hand.after_minutes
    hands = require(facts.hands)
    if not hands.has_rules:
        return unused(name, "no rule of the settings makes graphics of premium hands")
    if _is_held(MAKER, facts):
        return unused(name, f"a person holds {MAKER}, which makes their instructions")
    late = [each for each in hands.orphans if (facts.now - each.since).total_seconds() > minutes * MINUTE]
    told = f"{count(hands.premium_hands, 'premium hand')} of the last days, each with its instruction"
    if not hands.premium_hands:
        told = "no premium hand came in the last days"
    return judged(name, hands.premium_hands, told, [*_report_orphans(late, facts)])


def _report_orphans(days: list[OrphanDay], facts: Facts) -> Iterator[Finding]:
    for each in days:
        age = show_seconds((facts.now - each.since).total_seconds())
        yield make_finding(
            Detector.ORPHAN_HAND,
            Subject(kind=SubjectKind.HAND, name=f"day {each.day}"),
            AlertSeverity.WARNING,
            f"{count(each.count, 'premium hand')} of {each.day} without an instruction, the oldest for {age} "
            f"(hand {name_first([*map(str, each.hands)])})",
            f'`pokervod execute hands_to_renders --input \'{{"day": "{each.day}"}}\'` makes them',
            explained_by=(
                DAEMON_KEY,
                make_key(Detector.EVENTS_PARKED, Subject(kind=SubjectKind.SERVICE, name=INSTRUCTIONS)),
            ),
            hands=list(each.hands),
            count=each.count,
        )


def look_at_parked(facts: Facts, _: MonitoringSettings, __: History) -> Look:
    """Find events that a consumer gave up, one finding for each consumer."""
    parked = require(facts.parked)
    findings = [
        make_finding(
            Detector.EVENTS_PARKED,
            Subject(kind=SubjectKind.SERVICE, name=each.consumer),
            AlertSeverity.WARNING,
            f"{each.consumer} gave up {count(each.count, 'event')}, the oldest "
            f"{show_seconds((facts.now - each.since).total_seconds())} ago: {each.error}",
            f'`pokervod events parked` tells why; then `pokervod events retry "{each.consumer}" --reason …`',
            count=each.count,
        )
        for each in parked
        if each.count and each.since is not None
    ]
    told = (
        f"{count(len(parked), 'consumer')} of events, none has given one up" if parked else "no consumer has read yet"
    )
    return judged(Detector.EVENTS_PARKED, len(parked), told, findings)
