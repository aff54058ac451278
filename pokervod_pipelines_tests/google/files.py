"""Model a file in Drive: who may see it, its versions, and that Drive may learn of them late."""

import secrets
import threading
from datetime import UTC, datetime, timedelta

from pokervod_pipelines_tests.google.clock import Clock, SystemClock

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The type of an Excel file: Drive lists it, and Sheets refuses it."""


class DriveFile:
    """Model one file, shared with nobody at first."""

    def __init__(self, title: str, *, id: str | None = None, clock: Clock | None = None) -> None:  # noqa: A002 - Google's word
        self.id = id or secrets.token_urlsafe(33)
        self.title = title
        self.clock = clock or SystemClock()
        self.lock = threading.RLock()
        self.mime_type = SPREADSHEET
        self.roles: dict[str, str] = {}
        self.trashed = False
        self.version = 1
        self.created_at = self.modified_at = self.clock.now()
        self.drive_lag = timedelta()
        """Drive shows what was true this long ago, while Sheets shows what is true now."""
        self._versions = [(self.created_at, 1)]

    # Sharing

    def share(self, email: str, role: str = "reader") -> None:
        """Let the account read, or as ``writer`` also write."""
        self.roles[email] = role

    def unshare(self, email: str) -> None:
        """Let the account see it no more."""
        self.roles.pop(email, None)

    def trash(self) -> None:
        """Throw it away; ``restore`` undoes it. Until it is deleted for ever, Sheets reads and writes it as before."""
        self.trashed = True

    def restore(self) -> None:
        """Take it out of the bin."""
        self.trashed = False

    # Versions

    def touch(self) -> None:
        """Count one more change."""
        self.version += 1
        self.modified_at = self.clock.now()
        self._versions.append((self.modified_at, self.version))

    def version_in_drive(self) -> tuple[datetime, int]:
        """Return the time and number of the version that Drive knows of."""
        known = [entry for entry in self._versions if entry[0] <= self.clock.now() - self.drive_lag]
        return known[-1] if known else self._versions[0]


def moment_text(moment: datetime) -> str:
    """Return a moment as Drive writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
