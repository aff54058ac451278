"""Connect to Google: find which sheets changed, and open a sheet for a pass.

A client belongs to one thread. Making one reads the account; only a question makes a call.
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
from pokervod_pipelines.sheets.google.credentials import load_account
from pokervod_pipelines.sheets.google.errors import Subject
from pokervod_pipelines.sheets.google.responses import read_moment
from pokervod_pipelines.sheets.google.workbook import GoogleWorkbook, read_file

if TYPE_CHECKING:
    from pokervod_pipelines.sheets.google.transport import RetryingClient

FILES_PER_PAGE = 1000
MAX_PAGES = 20
"""If the account sees more files than these pages list, each sheet is asked for separately."""


@dataclass(frozen=True, slots=True)
class SheetVersion:
    """Hold a sheet's ``revision`` and the time of its last edit, both as of ``seen_at`` by Google's clock."""

    revision: str
    modified_at: datetime
    seen_at: datetime


class GoogleClient:
    """Call Google's services with the configured account, within the budget that all processes share.

    ``calls`` counts all calls by kind, failed ones included. Raises ``BadSettings`` without an account.
    """

    def __init__(self, engine: Engine, settings: Settings, *, clock: Clock = SYSTEM_CLOCK) -> None:
        account = load_account(settings)
        from pokervod_pipelines.sheets.google.transport import GoogleConnection  # noqa: PLC0415 - loads gspread

        self.email = account.email
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._names = {sheet.spreadsheet: sheet.name for sheet in settings.sheets if sheet.spreadsheet}
        self._connection = GoogleConnection(
            engine=engine,
            account=account,
            options=settings.google,
            clock=clock,
            zone=settings.zone,
            calls=self.calls,
        )

    def open(self, spreadsheet_id: str, name: str, *, known_revision: str | None = None) -> GoogleWorkbook:
        """Return the sheet for one pass, without a call. A known revision saves the call that would ask for it."""
        return GoogleWorkbook(
            self._connect_to_sheet(spreadsheet_id, name), spreadsheet_id, name, known_revision=known_revision
        )

    def close(self) -> None:
        """Close the connections; the next call would open new ones."""
        self._connection.session.close()

    def read_versions(self, spreadsheet_ids: Iterable[str]) -> dict[str, SheetVersion | PokervodError]:
        """Return the version of each sheet, or the error: one call for all that Drive lists.

        Raises the errors that concern every sheet: ``BadSettings``, and ``Unavailable`` when Drive does not answer.
        """
        ids = list(dict.fromkeys(spreadsheet_ids))
        listed = self._list_versions(set(ids)) if ids else {}
        return {each: listed.get(each) or self._read_version(each) for each in ids}

    def _list_versions(self, ids: set[str]) -> dict[str, SheetVersion]:
        http = self._connect(Subject("Google Drive", "https://drive.google.com", self.email))
        params: dict[str, Any] = {
            "q": "mimeType='application/vnd.google-apps.spreadsheet' and trashed=false",
            "fields": "nextPageToken,files(id,version,modifiedTime)",
            "pageSize": FILES_PER_PAGE,
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
        }
        found: dict[str, SheetVersion] = {}
        for _ in range(MAX_PAGES):
            response = http.request("get", DRIVE_FILES, params=params)
            answer, date = response.json(), response.headers.get("Date", "")
            found |= {
                file["id"]: self._make_version({"Date": date, **file})
                for file in answer.get("files", ())
                if file.get("id") in ids and file.get("version")
            }
            if len(found) == len(ids) or not answer.get("nextPageToken"):
                break
            params["pageToken"] = answer["nextPageToken"]
        return found

    def _read_version(self, spreadsheet_id: str) -> SheetVersion | PokervodError:
        name = self._names.get(spreadsheet_id, spreadsheet_id)
        try:
            return self._make_version(read_file(self._connect_to_sheet(spreadsheet_id, name), spreadsheet_id))
        except PokervodError as error:
            return error

    def _make_version(self, file: dict[str, str]) -> SheetVersion:
        seen_at = read_moment(file["Date"]) or self._clock.now()
        modified = file.get("modifiedTime")
        return SheetVersion(file["version"], datetime.fromisoformat(modified) if modified else seen_at, seen_at)

    def _connect_to_sheet(self, spreadsheet_id: str, name: str) -> "RetryingClient":
        return self._connect(Subject.of_sheet(spreadsheet_id, name, self.email))

    def _connect(self, subject: Subject) -> "RetryingClient":
        from pokervod_pipelines.sheets.google.transport import RetryingClient  # noqa: PLC0415 - loads gspread

        return RetryingClient(self._connection, subject, Counter())
