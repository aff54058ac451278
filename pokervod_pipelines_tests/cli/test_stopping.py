"""Ctrl-C ends a command in its own words, whatever programs it has started."""

import os
import signal
import subprocess
import sys

import pytest

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
    assert errors == "stopped; what was committed is kept, and the next sync resumes from there\n"
