"""Define the section ``monitoring.detectors`` of ``pokervod.yaml``: when each detector says that something is wrong."""

from pydantic import Field

from pokervod_pipelines.settings.fields import SettingsModel


class DetectorSettings(SettingsModel):
    """Turn a detector off, or make it wait: what it finds has to last ``for_seconds`` before it is an incident."""

    enabled: bool = True
    for_seconds: float = Field(default=0.0, ge=0, le=86_400)


class LastingSettings(DetectorSettings):
    """Wait until what was found has been so for a minute."""

    for_seconds: float = Field(default=60.0, ge=0, le=86_400)


class StoppedSettings(DetectorSettings):
    """Decide after how long without a sign something has stopped.

    When a clock is set, all seems to have stopped for a moment, which ``for_seconds`` passes over.
    """

    for_seconds: float = Field(default=30.0, ge=0, le=86_400)
    after_seconds: float = Field(default=120.0, ge=10, le=86_400)


class WorkerSettings(StoppedSettings):
    """Decide when a worker has died, and when one is missed; one that restarts is back within ``for_seconds``."""

    after_seconds: float = Field(default=60.0, ge=10, le=86_400)
    missed_seconds: float = Field(default=300.0, ge=0, le=86_400, description="Work waits so long, and none lives.")


class SensorSettings(StoppedSettings):
    """Decide when a sensor has stopped, and how long its ticks may fail.

    A daemon that was just started needs ``for_seconds`` until each has ticked.
    """

    for_seconds: float = Field(default=90.0, ge=0, le=86_400)
    missed_ticks: float = Field(default=4.0, ge=1, le=1000, description="So many intervals without a tick.")
    failing_seconds: float = Field(default=120.0, ge=0, le=86_400)


class SourceSettings(DetectorSettings):
    """Decide how long after its time a sheet, library or folder counts as not read.

    A reading that fails is repeated: what passes within ``for_seconds`` needs nobody.
    """

    for_seconds: float = Field(default=180.0, ge=0, le=86_400)
    late_minutes: float = Field(default=120.0, ge=1, le=10_080, description="After the time of the schedule.")
    folder_minutes: float = Field(default=5.0, ge=0.5, le=10_080, description="Of a folder that nobody looks at.")
    waiting_minutes: float = Field(default=10.0, ge=1, le=10_080, description="Of files that are due and not read.")


class ShowSettings(DetectorSettings):
    """Decide how long a show may be without hands."""

    start_minutes: float = Field(default=45.0, ge=1, le=1440, description="From its start to the first hand.")
    silence_minutes: float = Field(default=120.0, ge=1, le=1440, description="From one hand to the next.")


class OrphanSettings(DetectorSettings):
    """Decide how long a premium hand may be without an instruction."""

    after_minutes: float = Field(default=15.0, ge=1, le=10_080)


class PendingSettings(DetectorSettings):
    """Decide how long an instruction may wait that could be claimed."""

    minutes: float = Field(default=30.0, ge=1, le=10_080)


class ProcessingSettings(DetectorSettings):
    """Decide how long after its limit, or after its lease has expired, a job may still be claimed."""

    grace_seconds: float = Field(default=60.0, ge=0, le=86_400)


class InversionSettings(DetectorSettings):
    """Decide when an instruction counts as overtaken by those of a later rank."""

    claims: int = Field(default=3, ge=1, le=10_000, description="So many later ones were claimed since it was due.")
    after_seconds: float = Field(default=60.0, ge=0, le=86_400, description="It has waited for so long.")


class ErrorRateSettings(DetectorSettings):
    """Decide which share of the graphics of an hour may fail."""

    share: float = Field(default=0.1, gt=0, lt=1)
    end_share: float = Field(default=0.08, gt=0, lt=1, description="It is over below this share.")
    min_jobs: int = Field(default=20, ge=1, le=100_000, description="Of fewer it says nothing.")


class ThroughputSettings(DetectorSettings):
    """Decide how much less than in the hour before is too little, while work waits."""

    for_seconds: float = Field(default=120.0, ge=0, le=86_400)
    share: float = Field(default=0.5, gt=0, lt=1)
    end_share: float = Field(default=0.6, gt=0, le=1, description="It is over above this share.")
    min_jobs: int = Field(default=20, ge=1, le=100_000, description="Of fewer in the hour before it says nothing.")
    waiting_share: float = Field(default=0.5, gt=0, le=1, description="In this share of the hour work has to wait.")
    waiting_minutes: float = Field(default=10.0, ge=0, le=1440, description="So long something has to wait now.")


class RunSettings(DetectorSettings):
    """Decide when a run is stuck."""

    times_typical: float = Field(default=5.0, ge=1, le=1000, description="Times as long as its job usually takes.")
    min_minutes: float = Field(default=30.0, ge=1, le=10_080, description="Never before.")
    unknown_minutes: float = Field(default=180.0, ge=1, le=10_080, description="Of a job that never succeeded.")
    queued_minutes: float = Field(default=30.0, ge=1, le=10_080, description="Of a run that has not begun.")


class DetectorsSettings(SettingsModel):
    """Decide when each detector says that something is wrong, by its name."""

    database_away: LastingSettings = LastingSettings(for_seconds=20.0)
    disk_full: LastingSettings = LastingSettings()
    clock_skew: LastingSettings = LastingSettings()
    root_away: LastingSettings = LastingSettings()
    service_down: LastingSettings = LastingSettings()
    daemon_stopped: StoppedSettings = StoppedSettings()
    sensor_stopped: SensorSettings = SensorSettings()
    watcher_stopped: StoppedSettings = StoppedSettings(after_seconds=60.0)
    detectors_stopped: StoppedSettings = StoppedSettings(after_seconds=150.0, for_seconds=45.0)
    worker_stopped: WorkerSettings = WorkerSettings()
    breaker_open: DetectorSettings = DetectorSettings()
    source_stale: SourceSettings = SourceSettings()
    no_data: ShowSettings = ShowSettings()
    orphan_hand: OrphanSettings = OrphanSettings()
    pending_too_long: PendingSettings = PendingSettings()
    processing_too_long: ProcessingSettings = ProcessingSettings()
    priority_inverted: InversionSettings = InversionSettings()
    error_rate: ErrorRateSettings = ErrorRateSettings()
    throughput_dropped: ThroughputSettings = ThroughputSettings()
    graphic_failed: LastingSettings = LastingSettings(for_seconds=120.0)
    events_parked: DetectorSettings = DetectorSettings()
    run_stuck: RunSettings = RunSettings()
    run_failures: DetectorSettings = DetectorSettings()
