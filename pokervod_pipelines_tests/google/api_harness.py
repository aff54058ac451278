"""Hold an emulator and gspread itself as its client, for the tests of the calls."""

from dataclasses import dataclass
from typing import Any

import gspread

from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet

ROWS: list[list[object]] = [
    ["File", "In", "Again", "On"],
    ["a.mp4", 1200, "=A2", True],
    [],
    ["b'c.mp4", 0.5, "=UPPER(A4)", None],
]


@dataclass
class ApiHarness:
    """Hold an emulator with one shared spreadsheet, and gspread as its client."""

    google: Emulator
    sheet: Spreadsheet
    client: gspread.Client

    def ask(self, *ranges: str, **params: Any) -> list[dict[str, Any]]:
        answer = self.client.http_client.values_batch_get(self.sheet.id, list(ranges), params)
        assert answer["spreadsheetId"] == self.sheet.id
        return list(answer["valueRanges"])

    def write(self, *data: dict[str, Any], option: str = "RAW", **more: Any) -> Any:
        body = {"valueInputOption": option, "data": list(data), **more}
        return self.client.http_client.values_batch_update(self.sheet.id, body)

    def ask_drive(self, path: str = "", **params: Any) -> Any:
        return self.client.http_client.request(
            "get", f"https://www.googleapis.com/drive/v3/files{path}", params=params
        ).json()

    def change(self, *requests: dict[str, Any], **more: Any) -> Any:
        return self.client.http_client.batch_update(self.sheet.id, {"requests": list(requests), **more})
