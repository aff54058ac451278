"""Check that the commands of sheets name every sheet that cannot be read, and why one shows no status."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import PokervodError

SETTINGS = """
archive_roots: [{name: nas, path: .}]
sheets:
  - {name: blank, path: blank.csv}
  - {name: absent, path: absent.csv}
  - {name: notes, path: notes.csv}
  - {name: online, spreadsheet: "https://docs.google.com/spreadsheets/d/1234567890123456789012345678901234567890/edit"}
"""


def test_every_sheet_that_cannot_be_read_is_named(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pokervod.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "blank.csv").touch()
    (tmp_path / "notes.csv").write_text("ask Kim\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))

    synced = CliRunner().invoke(app, ["sheets", "sync"])
    listed = CliRunner().invoke(app, ["sheets", "list", "--json"])

    assert isinstance(synced.exception, PokervodError)
    told = f"{synced.output} {synced.exception}"
    assert [
        words in told for words in ("blank.csv: the file is empty", "absent.csv", "GOOGLE_CREDENTIALS is not set")
    ] == [
        True,
        True,
        True,
    ]
    reasons = {each["sheet"]: each["no_status"] for each in json.loads(listed.stdout)}
    assert reasons["notes"] == "Workbook files are never written to."
    assert reasons["online"].startswith("`write_back` is off.")
