"""Say for each block how often it attempts its work, how long it waits, what limits an attempt, when it stops asking.

The only place with these figures: ``defs`` makes Dagster's retries of them, the rooms their breakers. The settings
``retries`` may set another first wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pokervod_pipelines.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRule:
    """Open after that many failures in a row, and let one call try again after ``open_seconds``."""

    failures: int
    open_seconds: float


BREAKER = BreakerRule(failures=5, open_seconds=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedService:
    """Name a service outside that has a breaker; the name is that of ``pokervod breakers``."""

    name: str
    title: str


SHEETS = GuardedService(name="sheets", title="Google Sheets")
DRIVE = GuardedService(name="drive", title="Google Drive")
NEXRENDER = GuardedService(name="nexrender", title="nexrender")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPolicy:
    """Hold how a block meets failures outside.

    ``attempts`` are all attempts, the first one included; ``first_seconds`` is the wait after that, unless ``setting``,
    one of ``retries``, has another. ``limits`` are the settings that end an attempt. ``undoes`` tells that a failed
    attempt is rolled back.
    """

    attempts: int
    first_seconds: float = 0.0
    is_exponential: bool = False
    setting: str = ""
    limits: tuple[str, ...] = ()
    services: tuple[GuardedService, ...] = ()
    is_behind_breaker: bool = False
    undoes: bool = False

    def find_first_wait(self, settings: Settings) -> float:
        """Return the wait after the first failure: of the settings where they have one."""
        chosen: float | None = getattr(settings.retries, self.setting) if self.setting else None
        return self.first_seconds if chosen is None else chosen


POLICIES: Mapping[str, BlockPolicy] = {
    # A share that drops out is usually back within a minute.
    "A": BlockPolicy(
        attempts=3,
        first_seconds=5.0,
        is_exponential=True,
        setting="nas_seconds",
        limits=("scan.stall_seconds", "media.seconds_per_file"),
    ),
    "B": BlockPolicy(attempts=3, first_seconds=5.0, is_exponential=True, setting="nas_seconds"),
    # The database is there or not: growing waits gain nothing.
    "C": BlockPolicy(
        attempts=2,
        first_seconds=2.0,
        setting="clips_seconds",
        limits=("render.queue.timeout_minutes",),
        services=(NEXRENDER,),
        is_behind_breaker=True,
    ),
    # A quota window is a minute, and so is a breaker's: the growing waits outlast both.
    "D": BlockPolicy(
        attempts=5,
        first_seconds=10.0,
        is_exponential=True,
        setting="sheets_seconds",
        limits=("google.seconds_per_call",),
        services=(SHEETS, DRIVE),
        is_behind_breaker=True,
    ),
    "E": BlockPolicy(attempts=1, is_behind_breaker=True),
    "F": BlockPolicy(attempts=1),  # the client retries
    "G": BlockPolicy(attempts=1, undoes=True),
}
"""The policies by the letters of the blocks."""


def find_channel_service(channel: str) -> GuardedService:
    """Return the service behind a channel of alerts.

    >>> find_channel_service("ops_mail").name
    'channel:ops_mail'
    """
    return GuardedService(name=f"channel:{channel}", title=f"The alert channel {channel}")


def list_services(settings: Settings) -> list[GuardedService]:
    """Return every service that has a breaker: those of the blocks, then the channels of the settings."""
    of_blocks = [service for policy in POLICIES.values() for service in policy.services]
    return of_blocks + [find_channel_service(channel.name) for channel in settings.alerts.channels]
