"""Check that a backup can be restored, and that nobody else can read it."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.db.embedded.binaries import find_program


def test_a_backup_is_whole_and_closed_to_others(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("POKERVOD_HOME", str(tmp_path))
    (tmp_path / "b.dump.part").write_text("left by a killed backup")

    result = CliRunner().invoke(app, ["db", "backup", "b.dump"], catch_exceptions=False)

    assert "bytes" in result.stdout
    assert (tmp_path / "b.dump").stat().st_mode & 0o077 == 0
    command = [str(find_program("pg_restore")), "--list", "b.dump"]
    assert "TABLE DATA public nas_files" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
