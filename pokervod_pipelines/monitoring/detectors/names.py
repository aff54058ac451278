"""Name the detectors: what each looks at, in the order in which a cause comes before its effects."""

from enum import StrEnum


class Detector(StrEnum):
    """Name a kind of anomaly; incidents of it have this as their detector."""

    DATABASE_AWAY = "database_away"
    """The database did not answer."""

    DISK_FULL = "disk_full"
    """A disk that we write to is nearly full."""

    CLOCK_SKEW = "clock_skew"
    """The clocks of the database and of this machine differ."""

    ROOT_AWAY = "root_away"
    """An archive root cannot be read; its libraries are its effects."""

    SERVICE_DOWN = "service_down"
    """Another service is not well: outputs, the render farm, alert channels, memory, Google Sheets."""

    DAEMON_STOPPED = "daemon_stopped"
    """Dagster's daemon, which runs schedules and sensors, has stopped."""

    SENSOR_STOPPED = "sensor_stopped"
    """A sensor has not ticked, its ticks fail, or a person stopped it."""

    WATCHER_STOPPED = "watcher_stopped"
    """The watcher was here and is gone, or lives and looks at nothing."""

    DETECTORS_STOPPED = "detectors_stopped"
    """One of the two that run these detectors does not any more; the other says so."""

    WORKER_STOPPED = "worker_stopped"
    """A render worker died or is quarantined; one incident where work waits and none is alive."""

    BREAKER_OPEN = "breaker_open"
    """A service is not called, since it did not answer."""

    SOURCE_STALE = "source_stale"
    """A sheet, library or drop folder was not read for too long."""

    NO_DATA = "no_data"
    """A show is on by the schedule, and no hands come."""

    ORPHAN_HAND = "orphan_hand"
    """Premium hands have no instruction."""

    PENDING_TOO_LONG = "pending_too_long"
    """Instructions wait that could have been claimed."""

    PROCESSING_TOO_LONG = "processing_too_long"
    """Claimed instructions are beyond their limit, or their worker is silent."""

    PRIORITY_INVERTED = "priority_inverted"
    """Instructions of a later rank were claimed before one of an earlier rank."""

    ERROR_RATE = "error_rate"
    """Too many graphics of the last hour failed."""

    THROUGHPUT_DROPPED = "throughput_dropped"
    """Less than half as many graphics as in the hour before, while work waited."""

    GRAPHIC_FAILED = "graphic_failed"
    """Graphics failed for good: a person retries or cancels them."""

    EVENTS_PARKED = "events_parked"
    """A consumer gave events up."""

    RUN_STUCK = "run_stuck"
    """A run takes far longer than its job does, or does not begin."""

    RUN_FAILED = "run_failures"
    """A job failed for a cause; found when its run ends, not at each look."""
