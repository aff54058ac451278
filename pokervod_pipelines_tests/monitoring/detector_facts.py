"""Make the facts of a system in which nothing is wrong, as a base for those in which something is."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from pokervod_pipelines.monitoring.detectors import facts as f
from pokervod_pipelines.monitoring.detectors.history import Found, History
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.incidents.shape import Finding

NOW = datetime(2026, 11, 30, 20, tzinfo=UTC)
GIGABYTE = 1_000_000_000

PARTS = ("SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING", "EVENT_LOG_CONSUMER")


def ago(**length: float) -> datetime:
    """Return the moment so long ago."""
    return NOW - timedelta(**length)


def make_facts(**groups: Any) -> f.Facts:
    """Return the facts of a healthy moment, with these groups instead."""
    healthy = f.Facts(
        now=NOW,
        host="gfx-01",
        queue=f.QueueFacts(groups=(waiting(),), claims=40),
        processing=f.ProcessingFacts(processing=2),
        hours=f.HourFacts(
            last=(f.EndedGroup(renderer="local", template="winner", completed=60),),
            before=(f.EndedGroup(renderer="local", template="winner", completed=60),),
            looked_minutes=60,
            waiting_minutes=60,
        ),
        failed=(),
        hands=f.PremiumHandFacts(premium_hands=12),
        sources=(
            f.SourceFacts(kind="library", name="WSOP", read_at=ago(minutes=20), expected_seconds=3600, root="nas"),
            f.SourceFacts(kind="sheet", name="tracker", read_at=ago(hours=10), expected_seconds=86_400),
            f.SourceFacts(kind="drop folder", name="/drop", read_at=ago(seconds=5), expected_seconds=60),
        ),
        shows=f.ShowsFacts(shows=(show(),)),
        services=(
            f.ServiceFacts(name="root nas", state="healthy", summary="answers", since=ago(days=3), host="gfx-01"),
            f.ServiceFacts(name="outputs", state="healthy", summary="/out", since=ago(days=3), host="gfx-01"),
        ),
        dagster=f.DagsterFacts(
            heartbeats=dict.fromkeys(PARTS, ago(seconds=20)),
            sensors=(SensorFacts(name="health", interval_seconds=30, ticked_at=ago(seconds=12)),),
        ),
        workers=(f.WorkerFacts(name="gfx-01-1", host="gfx-01", seen_at=ago(seconds=4), is_alive=True),),
        watcher=f.WatcherFacts(is_alive=True, name="gfx-01 process 7", seen_at=ago(seconds=5)),
        lookers=(
            f.LookerFacts(name="sensor", seen_at=ago(seconds=30)),
            f.LookerFacts(name="watcher", seen_at=ago(seconds=30)),
        ),
        disks=(f.DiskFacts(name="home", path="/home", free_bytes=90 * GIGABYTE, total_bytes=200 * GIGABYTE),),
        clock=f.ClockFacts(offset_seconds=0.02, error_seconds=0.001),
        breakers=(f.ServiceBreaker(name="nexrender", title="nexrender", opened_at=None),),
        parked=(f.ParkedFacts(consumer="routes", count=0),),
    )
    return dataclasses.replace(healthy, **groups)


def waiting(*, template: str = "winner", count: int = 3, minutes: float = 4, late: int = 0) -> f.WaitingGroup:
    """Return what waits of a template, the oldest for so long."""
    return f.WaitingGroup(
        renderer="local", template=template, waiting=count, since=ago(minutes=minutes) if count else None, delayed=late
    )


def show(**values: Any) -> f.ShowFacts:
    """Return a live slot that began two hours ago and has hands."""
    usual = {
        "title": "Main Event",
        "channel": "Main",
        "starts_at": ago(hours=2),
        "ends_at": NOW + timedelta(hours=4),
        "hands": 80,
        "last_at": ago(minutes=2),
    }
    return f.ShowFacts(**{**usual, **values})


def remember(finding: Finding, *, is_open: bool = True, seconds: float = 600) -> History:
    """Return a history in which this was found until a moment ago."""
    found = Found(finding=finding, first_at=ago(seconds=seconds), last_at=ago(seconds=30), is_open=is_open)
    return History(first_look_at=ago(days=3), last_look_at=ago(seconds=30), found={finding.key: found})


SEASONED = History(first_look_at=ago(days=3), last_look_at=ago(seconds=30))
"""The detectors have looked for days and found nothing."""
