"""Check that a database that does not answer is told once, and that the log has it, too."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from dagster_postgres.utils import DagsterPostgresException, retry_pg_connection_fn

from pokervod_pipelines.defs.outage import tell_outage
from pokervod_pipelines.defs.resources import SilentListener
from pokervod_pipelines.logs.start import end_log, start_log
from pokervod_pipelines.settings import load_settings


class Waits(SilentListener):
    """Note what is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def waiting(self, reason: str) -> None:
        self.told.append(reason)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Log as the command does."""
    (tmp_path / ".pokervod").mkdir()
    start_log(load_settings({"POKERVOD_ARCHIVE_ROOTS": "archive"}, tmp_path), "sync")
    yield tmp_path / ".pokervod" / "logs" / "sync.log"
    end_log()


def connect() -> None:
    raise sqlalchemy.exc.OperationalError("select 1", {}, OSError("connection refused"))


def test_many_attempts_are_one_line_of_the_terminal_and_one_of_the_log(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listener = Waits()
    with tell_outage(listener):
        with pytest.raises(DagsterPostgresException):
            retry_pg_connection_fn(connect, retry_limit=2, retry_wait=0.001)
        sys.stderr.write("Exception while writing logger call to event log: too many retries\n")
        sys.stderr.write("failed nas\n")
        logging.getLogger().warning("a disk is slow")

    assert listener.told == ["the database does not answer; waiting for it"]
    assert capsys.readouterr().err == "failed nas\na disk is slow\n"
    text = log.read_text()
    assert text.count("Retrying failed database connection") == 1
    assert text.count("Exception while writing logger call") == 1


def test_afterwards_everything_is_printed_again(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stderr
    with tell_outage(Waits()):
        pass
    with pytest.raises(DagsterPostgresException):
        retry_pg_connection_fn(connect, retry_limit=0)

    assert sys.stderr is before
    assert capsys.readouterr().err.startswith("Retrying failed database connection")
