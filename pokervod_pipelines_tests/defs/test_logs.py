"""Dagster's processes have a log by their name, and what rooms log in a run carries the run and its request."""

import logging
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from pokervod_pipelines.defs.logs import log_requests, name_process, start_dagster_log
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.logs.files import list_logs
from pokervod_pipelines.logs.lines import LogLine
from pokervod_pipelines.logs.reading import LogFilter, read_latest
from pokervod_pipelines.logs.start import end_log

PACKAGES = "/venv/lib/python3.11/site-packages"

ROOM = logging.getLogger("pokervod_pipelines.nas.scan")


@pytest.fixture
def read_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[LogLine]]:
    """Start the log of a process of Dagster; return a function that reads it."""
    monkeypatch.setattr("sys.argv", ["/venv/bin/dagster-daemon", "run"])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pokervod.yaml").write_text("archive_roots: [{name: a, path: a}]")
    start_dagster_log()
    return lambda: [*read_latest(list_logs(tmp_path / ".pokervod" / "logs"), LogFilter(), limit=None)]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ([f"{PACKAGES}/dagster_webserver/__main__.py", "-w", "w.yaml"], "webserver"),
        (["/venv/bin/dagster-webserver"], "webserver"),
        ([f"{PACKAGES}/dagster/_daemon/__main__.py", "run"], "daemon"),
        (["/venv/bin/dagster-daemon", "run"], "daemon"),
        ([f"{PACKAGES}/dagster/__main__.py", "api", "grpc", "-m", "x"], "code-server"),
        (["/venv/bin/dagster", "api", "execute_run", "{}"], "run"),
        (["/venv/bin/dagster", "job", "execute"], "dagster"),
        (["/venv/bin/dagster", "api"], "dagster"),
        (["/srv/dagster-daemon/bin/dagster", "api", "grpc"], "code-server"),
        (["/srv/dagster-webserver/dagster/__main__.py", "api", "execute_run"], "run"),
        (["/venv/bin/dagster"], "dagster"),
    ],
)
def test_a_process_is_named_by_how_it_was_started(arguments: list[str], name: str) -> None:
    assert name_process(arguments) == name


def test_wrong_settings_are_for_others_to_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pokervod.yaml").write_text("archive_roots: 7")
    start_dagster_log()

    assert not (tmp_path / ".pokervod").exists()


def test_secrets_of_the_folder_are_hidden(read_lines: Callable[[], list[LogLine]], tmp_path: Path) -> None:
    end_log()
    (tmp_path / ".env").write_text("POKERVOD_DATABASE_URL=postgresql://a:hunter22@here/x\n")
    start_dagster_log()
    ROOM.warning("the password is hunter22")

    [line] = read_lines()
    assert line.text == "the password is ***"


def test_what_a_room_logs_in_a_run_is_in_dagster_and_in_the_log(
    read_lines: Callable[[], list[LogLine]], tmp_path: Path
) -> None:
    @dg.op
    def scan() -> None:
        ROOM.info("%s begins", "wsop")

    @dg.job
    def sync() -> None:
        scan()

    python_logs = {"managed_python_loggers": ["pokervod_pipelines"], "python_log_level": "INFO"}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides={"python_logs": python_logs}) as instance:
        result = sync.execute_in_process(instance=instance, tags={CORRELATION_TAG: "sync 1"})
        shown = [each.user_message for each in instance.all_logs(result.run_id) if each.level == logging.INFO]

    assert shown == ["wsop begins"]
    [line] = read_lines()
    assert (line.process, line.room, line.text) == ("daemon", "nas", "wsop begins")
    assert (line.run_id, line.correlation_id) == (result.run_id, "sync_1")


def test_a_sensor_logs_what_it_requests(read_lines: Callable[[], list[LogLine]]) -> None:
    log_requests("sheet_changes", [])
    log_requests("sheet_changes", [dg.RunRequest(run_key="k", partition_key="tags", tags={CORRELATION_TAG: "c1"})])

    [line] = read_lines()
    assert line.text == "sensor sheet_changes requests a run: tags by key k"
    assert line.correlation_id == "c1"
