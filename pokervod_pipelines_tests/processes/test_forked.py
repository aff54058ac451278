"""Check that a program in a fork is as one of its own: arguments, environment, output, exit status, signals."""

import atexit
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.processes.forked import ForkedProgram, ProgramStart, fork_program

SECONDS = 60.0


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that forks a module of this code; its output is in the file ``said``."""
    monkeypatch.syspath_prepend(str(tmp_path))
    forgotten = tmp_path / "forgotten"

    def fork(code: str, *arguments: str, **environ: str) -> ForkedProgram:
        (tmp_path / "some_program.py").write_text(code, encoding="utf-8")
        with (tmp_path / "said").open("wb") as output, capsys.disabled():  # the outputs are those of the process
            return fork_program(
                ProgramStart(
                    module="some_program",
                    arguments=arguments,
                    title="a test",
                    environ=environ,
                    output=output.fileno(),
                    forget=forgotten.touch,
                )
            )

    return fork


def test_it_has_its_own_arguments_environment_title_and_output(run: Any, tmp_path: Path) -> None:
    code = """
import os, sys
print(sys.argv[1:], dict(os.environ), open("/proc/self/comm").read().strip(), __name__, os.getsid(0) == os.getpid())
"""
    assert run(code, "one", "two", HOME="/nowhere").wait(SECONDS) == 0

    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert said == "['one', 'two'] {'HOME': '/nowhere'} a test __main__ True\n"
    assert (tmp_path / "forgotten").exists()


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("pass", 0, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('no disk')", 1, "no disk\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
        ("import atexit; atexit.register(print, 'at the end')", 0, "at the end\n"),
    ],
)
def test_its_end_is_that_of_a_program(run: Any, tmp_path: Path, code: str, status: int, told: str) -> None:
    assert run(code).wait(SECONDS) == status
    assert (tmp_path / "said").read_text(encoding="utf-8") == told


def test_an_error_is_told_as_the_interpreter_does(run: Any, tmp_path: Path) -> None:
    assert run("raise ValueError('spoilt')").wait(SECONDS) == 1
    assert (tmp_path / "said").read_text(encoding="utf-8").endswith("ValueError: spoilt\n")


def test_what_the_process_that_forks_does_at_its_end_is_not_done_in_the_fork(run: Any, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    atexit.register(mark.touch)
    run("pass").wait(SECONDS)
    atexit.unregister(mark.touch)

    assert not mark.exists()


def test_it_is_waited_for_no_longer_than_asked_and_ended(run: Any) -> None:
    program = run("import signal; signal.pause()")

    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.01)
    program.terminate()
    assert program.wait(SECONDS) == -signal.SIGTERM
    program.kill()
    assert program.poll() == -signal.SIGTERM


def test_signals_that_the_process_ignores_end_the_fork(run: Any) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        program = run("import signal; signal.pause()")
        os.kill(program.pid, signal.SIGTERM)
        assert program.wait(SECONDS) == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, before)
