"""Check that fixers reject wrong parameters, and run only when they are switched on."""

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

import pytest
from pydantic import ValidationError

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.fixers.base import MAX_REPORT_LENGTH, Fixer, FixStep
from pokervod_pipelines.rollout.fixers.registry import FIXERS
from pokervod_pipelines.settings.rollout import FixerKind, FixerRights
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext

VALID: Mapping[str, Mapping[str, Any]] = {
    "apply_migrations": {"seconds": 60},
    "restart_service": {"service": "search", "unit": "search.service"},
    "rerun_tests": {"command": "tests", "report": "reports/**/*.xml"},
    "regenerate_document": {"command": "export", "document": "documents/search.yaml"},
    "rebuild_mocks": {"command": "mocks", "service": "search"},
}


class Breaking(Fixer):
    kind: ClassVar[str] = "apply_migrations"

    def prepare(self, context: RolloutContext) -> FixStep:
        raise RuntimeError("token hook-token\nand more" + "x" * MAX_REPORT_LENGTH)


class Talking(Fixer):
    kind: ClassVar[str] = "apply_migrations"

    def prepare(self, context: RolloutContext) -> FixStep:
        return FixStep("talk", lambda _: "x" * 2 * MAX_REPORT_LENGTH)


def test_the_kinds_are_those_that_the_settings_know() -> None:
    assert set(FIXERS) == set(get_args(FixerKind)) == set(VALID)
    assert all(fixer.kind == kind for kind, fixer in FIXERS.items())


@pytest.mark.parametrize(
    ("kind", "changes", "faults"),
    [
        ("apply_migrations", {"sconds": 1}, ["sconds: Extra inputs"]),
        ("apply_migrations", {"seconds": 0}, ["seconds: "]),
        ("apply_migrations", {"seconds": "60"}, ["seconds: "]),
        ("apply_migrations", {"seconds": 7200, "kind": "x"}, ["seconds: ", "kind: "]),
        ("restart_service", {"command": "restart"}, ["expected one of hook, unit and command, got unit and command"]),
        ("restart_service", {"unit": None}, ["expected one of hook, unit and command, got none"]),
        ("restart_service", {"unit": "--now.service"}, ["unit: "]),
        ("restart_service", {"unit": "search.socket"}, ["unit: "]),
        ("restart_service", {"unit": "a b.service"}, ["unit: "]),
        ("restart_service", {"health": "http://search/health"}, ["health: Extra inputs"]),
        ("restart_service", {"service": None}, ["service: "]),
        ("restart_service", {"token_variable": "POKERVOD_DATABASE_URL"}, ["token_variable: "]),
        ("restart_service", {"token_variable": "POKERVOD_HOOK_A"}, ["a token and a body are for a hook only"]),
        ("restart_service", {"unit": None, "hook": "ftp://host"}, ["hook: "]),
        ("restart_service", {"unit": None, "hook": "http://me:pw@host/x"}, ["hook: "]),
        ("restart_service", {"unit": None, "hook": "http://host/x?token=abc"}, ["hook: "]),
        ("restart_service", {"health_path": "health"}, ["health_path: "]),
        ("restart_service", {"at": "moon"}, ["at: "]),
        ("rerun_tests", {"report": "../a.xml"}, ["report: ", "stays below the plan's folder"]),
        ("rerun_tests", {"report": "/a.xml"}, ["stays below the plan's folder"]),
        ("rerun_tests", {"report": "a.txt"}, ["expected a file that ends in .xml, got 'a.txt'"]),
        ("rerun_tests", {"command": ["rm", "-rf", "/"]}, ["command: "]),
        ("rerun_tests", {"command": "rm -rf /"}, ["command: "]),
        ("regenerate_document", {"document": "a.toml"}, ["expected a file that ends in .json, .yaml or .yml"]),
        ("regenerate_document", {"document": "a/../../b.json"}, ["stays below the plan's folder"]),
        ("rebuild_mocks", {"wait_seconds": -1}, ["wait_seconds: "]),
    ],
)
def test_wrong_parameters_are_refused_by_name(kind: str, changes: Mapping[str, Any], faults: list[str]) -> None:
    with pytest.raises(ValidationError) as refused:
        FIXERS[kind].model_validate({**VALID[kind], **changes})

    errors = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in refused.value.errors()]
    for fault in faults:
        assert fault in "\n".join(errors)


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("kind", VALID)
def test_a_fixer_that_is_not_switched_on_does_nothing(kind: str, dry_run: bool, make_context: MakeContext) -> None:
    context = make_context(kinds=set(FIXERS) - {kind})

    report = FIXERS[kind].model_validate(VALID[kind]).fix(context, dry_run=dry_run)

    assert not report.done
    assert report.summary.startswith(f"the fixer {kind!r} is not allowed (allowed: ")
    assert "rollout.fixers.kinds" in report.summary


def test_by_default_only_what_harms_nothing_is_on() -> None:
    rights = FixerRights()

    assert rights.kinds == {"apply_migrations", "rerun_tests"}
    assert not rights.commands
    assert not rights.units


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": ["drop_everything"]},
        {"commands": {"a": []}},
        {"commands": {"a": "rm -rf /"}},
        {"commands": {"a": ["echo", ""]}},
        {"commands": {"a b": ["echo"]}},
        {"units": ["--now"]},
        {"shell": True},
    ],
)
def test_rights_that_make_no_sense_are_refused(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FixerRights.model_validate(wrong)


def test_a_fixer_that_breaks_down_reports_it_without_secrets(make_context: MakeContext) -> None:
    report = Breaking().fix(make_context(POKERVOD_HOOK_A="hook-token"), dry_run=False)

    assert not report.done
    assert report.summary == "unexpected error in apply_migrations: RuntimeError: token ***"


def test_no_report_is_longer_than_a_person_reads(make_context: MakeContext) -> None:
    report = Talking().fix(make_context(), dry_run=False)

    assert report.done
    assert len(report.summary) == MAX_REPORT_LENGTH
