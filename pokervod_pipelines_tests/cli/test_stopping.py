"""Ctrl-C ends a command in its own words, whatever programs it has started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pokervod_pipelines.cli.stopping import STOPPED

CODE = """
import subprocess, sys
from pokervod_pipelines.cli.stopping import end_at_signal

child = "import sys; print('ready', flush=True); sys.stdin.read(); print('child ends', flush=True)"
with end_at_signal(lambda: None):
    subprocess.run([sys.executable, "-S", "-c", child], check=False)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_command_ends_it_in_a_sentence(number: signal.Signals, status: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdin=-1, stdout=-1, stderr=-1, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if number is signal.SIGINT:  # as a terminal does: to all of the foreground
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        printed, errors = process.communicate()

    assert (process.returncode, printed) == (status, "child ends\n")
    assert errors == f"{STOPPED}\n"


SWALLOWS = """
import sys
from pokervod_pipelines.cli.stopping import follow_until_interrupt

with follow_until_interrupt():
    print("shown")
    print("ready", file=sys.stderr, flush=True)
    while True:
        try:
            sum(range(1000))
        except BaseException:  # as a driver may, or an object that is destroyed
            pass
"""


def test_what_only_shows_something_ends_with_0_whatever_it_is_doing() -> None:
    with subprocess.Popen([sys.executable, "-c", SWALLOWS], stdout=-1, stderr=-1, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=60)

    assert (process.returncode, printed, errors) == (0, "shown\n", "")


MASKED = """
from pokervod_pipelines.cli import app
from pokervod_pipelines.errors import Unavailable

def work():
    try:
        raise KeyboardInterrupt
    finally:
        raise Unavailable("the driver tidies up")

app.app = work
app.main()
"""


def test_an_error_in_the_place_of_an_interrupt_is_one() -> None:
    done = subprocess.run([sys.executable, "-c", MASKED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, f"{STOPPED}\n")


INTERRUPTED_IMPORT = """
import os, signal, sys
from pokervod_pipelines.cli import main

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)

_, module, *sys.argv[1:] = sys.argv
sys.meta_path.insert(0, Interrupt())
main()
"""


@pytest.mark.parametrize("module", ["typer", "pokervod_pipelines.cli.app", "pokervod_pipelines.cli.{}", "sqlalchemy"])
@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("status", "--follow"), 0),
        (("render", "list", "-f"), 0),
        (("events", "tail", "-f"), 0),
        (("status",), 130),
        (("clips", "export", "x", "-f", "csv"), 130),  # where it means the format
    ],
)
def test_an_interrupt_while_the_command_is_imported_ends_it_in_peace(
    module: str, command: tuple[str, ...], status: int, tmp_path: Path
) -> None:
    (tmp_path / "pokervod.yaml").write_text("archive_roots: [{name: nas, path: archive}]\n")
    arguments = [sys.executable, "-c", INTERRUPTED_IMPORT, module.format(command[0]), *command]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")
