"""Check that programs run side by side, that one that ended starts again, and that a signal ends them all."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pokervod_pipelines.cli import services
from pokervod_pipelines.cli.services import Service, run_services
from pokervod_pipelines.policies import restarts
from pokervod_pipelines.policies.backoff import Backoff


def make_service(name: str, code: str, *arguments: str, stop_seconds: float = services.STOP_SECONDS) -> Service:
    return Service(name=name, command=[sys.executable, "-S", "-c", code, *arguments], stop_seconds=stop_seconds)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "PAUSES", Backoff(first_seconds=0.01, factor=1))


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("raise SystemExit(3)", "ended with status 3"),
        ("pass", "ended with status 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL"),
    ],
)
def test_a_program_that_ended_is_told_and_started_again(code: str, how: str) -> None:
    told: list[str] = []

    def report(sentence: str) -> None:
        told.append(sentence)
        if len(told) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    run_services([make_service("the worker", code)], {}, report)

    first, second = told
    assert first.startswith("the worker (process ")
    assert f"{how} after 0 s; it starts again in 0.01 s" in first
    assert first.split()[3] != second.split()[3]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_programs_also_one_that_ignores_it(tmp_path: Path, number: signal.Signals) -> None:
    stubborn = "import signal, sys; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w').close(); signal.pause()"
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    service = make_service("the worker", stubborn, str(ready), stop_seconds=0.1)

    def end_when_ready() -> None:
        ready.open().close()
        os.kill(os.getpid(), number)

    threading.Thread(target=end_when_ready).start()
    run_services([service, make_service("other", "import signal; signal.pause()")], {}, lambda _: None)

    assert service.process is not None
    assert service.process.returncode == -signal.SIGKILL


def test_programs_are_ended_by_a_signal_that_our_parent_ignored() -> None:
    code = """
import os, signal, sys
from pokervod_pipelines.cli.services import Service, run_services
stops = "import os, signal; os.kill(os.getppid(), signal.SIGINT); signal.pause()"
run_services([Service(name="one", command=[sys.executable, "-S", "-c", stops])], {}, print)
print("ended")
"""
    ignoring = ["/bin/sh", "-c", 'trap "" INT; "$@"', "sh", sys.executable, "-c", code]

    done = subprocess.run(ignoring, capture_output=True, text=True, check=False, timeout=60)

    assert (done.stdout, done.returncode) == ("ended\n", 0), done.stderr
