"""The one door to Google: which sheets changed, and a sheet opened for a pass.

A client belongs to one thread. Making one reads the account; only asking makes a call.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.google.calls import DRIVE_FILES
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.google.complaints import Subject
from pokervod_pipelines.sheets.google.credentials import load_account
from pokervod_pipelines.sheets.google.verdicts import read_moment
from pokervod_pipelines.sheets.google.workbook import GoogleWorkbook, read_file

if TYPE_CHECKING:
    from pokervod_pipelines.sheets.google.transport import PatientClient

__all__ = ["GoogleClient", "GoogleWorkbook", "Version"]

FILES_PER_PAGE = 1000
MOST_PAGES = 20
"""Past so many files that are shared with the account, each sheet is asked for by itself."""


@dataclass(frozen=True, slots=True)
class Version:
    """A sheet's ``revision`` and the time of its last edit, both as Google had them at ``seen_at``, its own clock."""

    revision: str
    modified_at: datetime
    seen_at: datetime


class GoogleClient:
    """Google's services in the name of the configured account, within the budget that all processes share.

    ``calls`` counts all calls made, by kind, tries that failed included. Raises ``BadSettings`` without an account.
    """

    def __init__(self, engine: Engine, settings: Settings, *, clock: Clock = SYSTEM_CLOCK) -> None:
        account = load_account(settings)
        from pokervod_pipelines.sheets.google.transport import Connection  # noqa: PLC0415 - loads gspread

        self.email = account.email
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._names = {sheet.spreadsheet: sheet.name for sheet in settings.sheets if sheet.spreadsheet}
        self._connection = Connection(
            engine=engine, account=account, options=settings.google, clock=clock, calls=self.calls
        )

    def open(self, spreadsheet_id: str, name: str, *, known_revision: str | None = None) -> GoogleWorkbook:
        """The sheet for one pass; makes no call. A known revision saves the call that would ask for it."""
        return GoogleWorkbook(
            self._talk_about(spreadsheet_id, name), spreadsheet_id, name, known_revision=known_revision
        )

    def close(self) -> None:
        """The connections are closed; the next call would open new ones."""
        self._connection.session.close()

    def read_versions(self, spreadsheet_ids: Iterable[str]) -> dict[str, Version | PokervodError]:
        """The version of each sheet, or why there is none: one call for all that Drive lists.

        Raises what concerns no single sheet: ``BadSettings``, and ``Unavailable`` when Drive does not answer.
        """
        wanted = list(dict.fromkeys(spreadsheet_ids))
        listed = self._list_versions(set(wanted)) if wanted else {}
        return {each: listed.get(each) or self._read_version(each) for each in wanted}

    def _list_versions(self, wanted: set[str]) -> dict[str, Version]:
        http = self._connect(Subject("Google Drive", "https://drive.google.com", self.email))
        params: dict[str, Any] = {
            "q": "mimeType='application/vnd.google-apps.spreadsheet' and trashed=false",
            "fields": "nextPageToken,files(id,version,modifiedTime)",
            "pageSize": FILES_PER_PAGE,
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
        }
        found: dict[str, Version] = {}
        for _ in range(MOST_PAGES):
            response = http.request("get", DRIVE_FILES, params=params)
            answer, date = response.json(), response.headers.get("Date", "")
            found |= {
                file["id"]: self._make_version({"Date": date, **file})
                for file in answer.get("files", ())
                if file.get("id") in wanted and file.get("version")
            }
            if len(found) == len(wanted) or not answer.get("nextPageToken"):
                break
            params["pageToken"] = answer["nextPageToken"]
        return found

    def _read_version(self, spreadsheet_id: str) -> Version | PokervodError:
        name = self._names.get(spreadsheet_id, spreadsheet_id)
        try:
            return self._make_version(read_file(self._talk_about(spreadsheet_id, name), spreadsheet_id))
        except PokervodError as error:
            return error

    def _make_version(self, file: dict[str, str]) -> Version:
        seen_at = read_moment(file["Date"]) or self._clock.now()
        modified = file.get("modifiedTime")
        return Version(file["version"], datetime.fromisoformat(modified) if modified else seen_at, seen_at)

    def _talk_about(self, spreadsheet_id: str, name: str) -> "PatientClient":
        return self._connect(Subject.of_sheet(spreadsheet_id, name, self.email))

    def _connect(self, subject: Subject) -> "PatientClient":
        from pokervod_pipelines.sheets.google.transport import PatientClient  # noqa: PLC0415 - loads gspread

        return PatientClient(self._connection, subject, Counter())
