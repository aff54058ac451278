"""Check that tests are rerun by an allowed command, and that their report must be new."""

from pathlib import Path

import pytest

from pokervod_pipelines.rollout.fixers.command_fixers import RerunTests
from pokervod_pipelines_tests.rollout.fixers.commands import list_files, python
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext

WRITE = "import sys; open(sys.argv[1], 'w').write(sys.argv[2]); sys.exit(int(sys.argv[3]))"


def junit(passed: int, failed: int = 0, broken: int = 0, skipped: int = 0) -> str:
    cases = ["<testcase name='t'/>"] * passed
    for mark, count in (("failure", failed), ("error", broken), ("skipped", skipped)):
        cases += [f"<testcase name='t'><{mark} message='m'/></testcase>"] * count
    return f"<testsuites><testsuite name='s'>{''.join(cases)}</testsuite></testsuites>"


def make_fixer(**changes: object) -> RerunTests:
    return RerunTests.model_validate({"command": "tests", "report": "reports/*.xml"} | changes)


@pytest.fixture
def report_file(tmp_path: Path) -> Path:
    path = tmp_path / "reports" / "search.xml"
    path.parent.mkdir()
    return path


@pytest.mark.parametrize("before", [None, junit(3, failed=1), "broken"])
@pytest.mark.parametrize("status", [0, 1])
def test_the_tests_run_and_write_their_report(
    before: str | None, status: int, report_file: Path, make_context: MakeContext
) -> None:
    if before is not None:
        report_file.write_text(before)
    context = make_context(commands={"tests": python(WRITE, "reports/search.xml", junit(4), str(status))})

    report = make_fixer().fix(context, dry_run=False)

    assert report.done, report.summary
    assert report.summary == f"ran 'tests', exit status {status}; wrote reports/search.xml"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (
            python("print('cannot collect'); raise SystemExit(4)"),
            "exit status 4: cannot collect; it wrote no report reports/*.xml",
        ),
        (python("import os; os.kill(os.getpid(), 9)"), "ended by signal 9; it wrote no report reports/*.xml"),
        (["/no/such/program"], "cannot be started: No such file or directory: /no/such/program"),
        (python("import time; time.sleep(60)"), "did not finish within 1 s and was stopped"),
    ],
)
def test_a_run_without_a_new_report_is_a_failure(
    command: list[str], problem: str, report_file: Path, make_context: MakeContext
) -> None:
    report_file.write_text(junit(1, failed=1))

    report = make_fixer(seconds=1 if "sleep" in str(command) else 60).fix(
        make_context(commands={"tests": command}), dry_run=False
    )

    assert not report.done
    assert problem in report.summary


def test_a_dry_run_runs_nothing(report_file: Path, make_context: MakeContext, tmp_path: Path) -> None:
    report_file.write_text(junit(1, failed=1))
    before = list_files(tmp_path)
    context = make_context(commands={"tests": python(WRITE, "reports/search.xml", junit(2), "0")})

    report = make_fixer().fix(context, dry_run=True)

    assert not report.done
    assert report.summary == "would run 'tests' and expect a new report reports/*.xml"
    assert list_files(tmp_path) == before


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_command_that_is_not_allowed_is_refused(dry_run: bool, make_context: MakeContext) -> None:
    report = make_fixer().fix(make_context(), dry_run=dry_run)

    assert not report.done
    assert "the command 'tests' is not allowed (allowed: none)" in report.summary


def test_a_report_outside_of_the_folder_is_not_read(report_file: Path, make_context: MakeContext) -> None:
    outside = report_file.parent.parent.parent / f"{report_file.parent.parent.name}_outside.xml"
    outside.write_text(junit(1))
    report_file.symlink_to(outside)

    report = make_fixer().fix(make_context(commands={"tests": python("pass")}), dry_run=False)

    assert not report.done
    assert "a link leads out of" in report.summary
