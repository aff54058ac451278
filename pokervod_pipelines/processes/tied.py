"""Run a Python program that ends with the process that started it, however that one ends.

``python -m pokervod_pipelines.processes.tied MODULE ARGUMENTS`` runs the module. The standard input is a pipe from the
process that started it, which never writes: the system closes it with that process.
"""

import os
import runpy
import signal
import sys
import threading
import time

STOP_SECONDS = 3.0
"""Kill a program that has not ended by then."""


def end_with_parent() -> None:
    """Wait for the end of the input, then end this process."""
    while os.read(0, 1):  # not ``sys.stdin``, whose lock would be held when the interpreter ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, name="parent", daemon=True).start()
    _, module, *arguments = sys.argv
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
