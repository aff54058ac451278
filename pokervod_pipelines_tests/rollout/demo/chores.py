"""Do the work of the plan's commands and fixers, and note it in the logbook.

``python -m … CHORE [ARGUMENTS]`` in the plan's folder.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from pokervod_pipelines_tests.rollout.demo.prism import make_mock_command
from pokervod_pipelines_tests.rollout.demo.processes import start, stop, wait_until

LOGBOOK = "logbook.txt"


def note(line: str) -> None:
    """Append the line to the logbook."""
    with Path(LOGBOOK).open("a", encoding="utf-8") as logbook:
        logbook.write(f"{line}\n")


def write_tests(folder: Path, suite: str, *, passed: int, failed: int = 0) -> None:
    """Write a JUnit report of so many tests."""
    cases = [f'<testcase classname="{suite}" name="case_{number}"/>' for number in range(passed)]
    cases += [f'<testcase classname="{suite}" name="bad_{number}"><failure/></testcase>' for number in range(failed)]
    report = folder / "reports" / f"{suite}.xml"
    report.parent.mkdir(exist_ok=True)
    report.write_text(f"<testsuite>{''.join(cases)}</testsuite>", encoding="utf-8")


def make_document(service: str, output: str) -> None:
    """Write the document of the service from its source."""
    shutil.copyfile(Path("source") / f"{service}.yaml", output)
    note("fix regenerate_document")


def rebuild_mock(service: str, document: str, port: str) -> None:
    """Restart the mock of the service with its document as it is now."""
    start(Path.cwd(), f"mock_{service}", make_mock_command(Path(document), int(port)))
    note("fix rebuild_mocks")


def rerun_tests(suite: str) -> None:
    """Write a report in which all tests of the suite pass."""
    write_tests(Path.cwd(), suite, passed=5)
    note("fix rerun_tests")


def fail_once(what: str) -> None:
    """Fail when this runs for the first time."""
    mark = Path(f"{what}.failed")
    if not mark.exists():
        mark.touch()
        sys.exit(1)


def kill_once(service: str) -> None:
    """Kill the service when this runs for the first time: a fire drill."""
    mark = Path(f"{service}.killed")
    if not mark.exists():
        mark.touch()
        stop(Path.cwd(), service)


def await_file(name: str) -> None:
    """Wait for the file."""
    note(f"waits for {name}")
    wait_until(Path(name).exists, name)


CHORES: dict[str, Callable[..., None]] = {
    each.__name__: each for each in (note, make_document, rebuild_mock, rerun_tests, fail_once, kill_once, await_file)
}

if __name__ == "__main__":
    CHORES[sys.argv[1]](*sys.argv[2:])
