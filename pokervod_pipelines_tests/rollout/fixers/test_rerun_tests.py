"""Check that tests are rerun by an allowed command, and that their report must be new."""

from pathlib import Path

import pytest

from pokervod_pipelines.rollout.fixers.command_fixers import RerunTests
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext
from pokervod_pipelines_tests.rollout.fixers.http_server import FAILED, list_files, python

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


@pytest.mark.parametrize(
    ("before", "after", "status", "problem"),
    [
        (junit(3, failed=1), junit(4), 0, "exit status 0; passed before 75% (3 of 4), now 100% (4 of 4)"),
        (junit(2, failed=2), junit(3, broken=1), 1, "exit status 1; passed before 50% (2 of 4), now 75% (3 of 4)"),
        (junit(1, skipped=1), junit(1, skipped=3), 0, "passed before 50% (1 of 2), now 25% (1 of 4)"),
        (None, junit(1), 0, "passed before none, now 100% (1 of 1)"),
        ("broken", junit(1), 0, "passed before unknown, because the old report cannot be read, now 100%"),
    ],
)
def test_the_tests_run_and_their_pass_rate_is_reported(
    before: str | None, after: str, status: int, problem: str, report_file: Path, make_context: MakeContext
) -> None:
    if before is not None:
        report_file.write_text(before)
    context = make_context(commands={"tests": python(WRITE, "reports/search.xml", after, str(status))})

    report = make_fixer().fix(context, FAILED, dry_run=False)

    assert report.done, report.summary
    assert problem in report.summary


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (
            python("print('cannot collect'); raise SystemExit(4)"),
            "wrote no report reports/*.xml (exit status 4: cannot",
        ),
        (python("import os; os.kill(os.getpid(), 9)"), "wrote no report reports/*.xml (ended by signal 9)"),
        (python(WRITE, "reports/search.xml", junit(0), "5"), "ran no tests (exit status 5)"),
        (python(WRITE, "reports/search.xml", "no XML", "0"), "the report search.xml is not JUnit XML"),
        (
            python(WRITE, "reports/search.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "0"),
            "the report search.xml is not JUnit XML",
        ),
        (["/no/such/program"], "cannot be started: No such file or directory: /no/such/program"),
        (python("import time; time.sleep(60)"), "did not finish within 1 s and was stopped"),
    ],
)
def test_a_run_without_a_new_report_is_a_failure(
    command: list[str], problem: str, report_file: Path, make_context: MakeContext
) -> None:
    report_file.write_text(junit(1, failed=1))

    report = make_fixer(seconds=1 if "sleep" in str(command) else 60).fix(
        make_context(commands={"tests": command}), FAILED, dry_run=False
    )

    assert not report.done
    assert problem in report.summary


def test_a_dry_run_tells_the_rate_and_runs_nothing(
    report_file: Path, make_context: MakeContext, tmp_path: Path
) -> None:
    report_file.write_text(junit(1, failed=1))
    before = list_files(tmp_path)
    context = make_context(commands={"tests": python(WRITE, "reports/search.xml", junit(2), "0")})

    report = make_fixer().fix(context, FAILED, dry_run=True)

    assert not report.done
    assert report.summary == "would run 'tests'; passed so far 50% (1 of 2)"
    assert list_files(tmp_path) == before


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_command_that_is_not_allowed_is_refused(dry_run: bool, make_context: MakeContext) -> None:
    report = make_fixer().fix(make_context(), FAILED, dry_run=dry_run)

    assert not report.done
    assert "the command 'tests' is not allowed (allowed: none)" in report.summary


def test_a_report_outside_of_the_folder_is_not_read(report_file: Path, make_context: MakeContext) -> None:
    outside = report_file.parent.parent.parent / f"{report_file.parent.parent.name}_outside.xml"
    outside.write_text(junit(1))
    report_file.symlink_to(outside)

    report = make_fixer().fix(make_context(commands={"tests": python("pass")}), FAILED, dry_run=False)

    assert not report.done
    assert "leads out of the plan's folder by a link" in report.summary


def test_a_test_in_several_reports_counts_as_the_newest_tells_it(report_file: Path, make_context: MakeContext) -> None:
    report_file.write_text(junit(0, failed=2))
    context = make_context(commands={"tests": python(WRITE, "reports/again.xml", junit(2), "0")})

    report = make_fixer().fix(context, FAILED, dry_run=False)

    assert report.done, report.summary
    assert report.summary.endswith("passed before 0% (0 of 2), now 100% (2 of 2)")
