"""Fixers are read from a plan with every fault by file and line, and act only when they are switched on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, get_args

import pytest
from pydantic import ValidationError

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.fixers.base import LONGEST_SAYING, FailedCriterion, Fixer, Step
from pokervod_pipelines.rollout.fixers.registry import FIXERS, load_fixer
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from pokervod_pipelines.settings_file import Location, read_settings_file
from pokervod_pipelines.settings_rollout import FixerKind, FixerRights
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeWorld
from pokervod_pipelines_tests.rollout.fixers.station import FAILED

SOUND: Mapping[str, Mapping[str, Any]] = {
    "apply_migrations": {"seconds": 60},
    "restart_service": {"service": "search", "unit": "search.service"},
    "rerun_tests": {"command": "tests", "report": "reports/**/*.xml"},
    "regenerate_document": {"command": "export", "document": "documents/search.yaml"},
    "rebuild_mocks": {"command": "mocks", "service": "search"},
}


class Breaking(Fixer):
    kind: ClassVar[str] = "apply_migrations"

    def prepare(self, world: FixerWorld, failed: Sequence[FailedCriterion]) -> Step:
        raise RuntimeError("token hook-token\nand more" + "x" * LONGEST_SAYING)


class Talking(Fixer):
    kind: ClassVar[str] = "apply_migrations"

    def prepare(self, world: FixerWorld, failed: Sequence[FailedCriterion]) -> Step:
        return Step("talk", lambda: "x" * 2 * LONGEST_SAYING)


def place(location: Location) -> str:
    return "plan.yaml:" + "/".join(map(str, location))


def test_the_kinds_are_those_that_the_settings_know() -> None:
    assert set(FIXERS) == set(get_args(FixerKind)) == set(SOUND)
    assert all(fixer.kind == kind for kind, fixer in FIXERS.items())


@pytest.mark.parametrize("kind", SOUND)
def test_sound_parameters_make_a_fixer(kind: str) -> None:
    assert type(load_fixer(kind, SOUND[kind], place)) is FIXERS[kind]


@pytest.mark.parametrize(
    ("kind", "changes", "faults"),
    [
        ("drop_everything", {}, ["plan.yaml:: no fixer 'drop_everything'; there are apply_migrations"]),
        ("apply_migrations", {"sconds": 1}, ["plan.yaml:sconds: fixer apply_migrations: sconds: Extra inputs"]),
        ("apply_migrations", {"seconds": 0}, ["plan.yaml:seconds: "]),
        ("apply_migrations", {"seconds": "60"}, ["plan.yaml:seconds: "]),
        ("apply_migrations", {"seconds": 7200, "kind": "x"}, ["plan.yaml:seconds: ", "plan.yaml:kind: "]),
        ("restart_service", {"command": "restart"}, ["give one of hook, unit and command; there are unit, command"]),
        ("restart_service", {"unit": None}, ["give one of hook, unit and command; there is none"]),
        ("restart_service", {"unit": "--now.service"}, ["plan.yaml:unit: "]),
        ("restart_service", {"unit": "search.socket"}, ["plan.yaml:unit: "]),
        ("restart_service", {"unit": "a b.service"}, ["plan.yaml:unit: "]),
        ("restart_service", {"health": "http://search/health"}, ["give either the service"]),
        ("restart_service", {"service": None}, ["give either the service"]),
        ("restart_service", {"token_variable": "POKERVOD_DATABASE_URL"}, ["plan.yaml:token_variable: "]),
        ("restart_service", {"token_variable": "POKERVOD_HOOK_A"}, ["a token and a body are for a hook only"]),
        ("restart_service", {"unit": None, "hook": "ftp://host"}, ["plan.yaml:hook: "]),
        ("restart_service", {"unit": None, "hook": "http://me:pw@host/x"}, ["plan.yaml:hook: "]),
        ("restart_service", {"unit": None, "hook": "http://host/x?token=abc"}, ["plan.yaml:hook: "]),
        ("restart_service", {"health_path": "health"}, ["plan.yaml:health_path: "]),
        ("restart_service", {"at": "moon"}, ["plan.yaml:at: "]),
        ("rerun_tests", {"report": "../a.xml"}, ["plan.yaml:report: ", "must stay below the plan's folder"]),
        ("rerun_tests", {"report": "/a.xml"}, ["must stay below the plan's folder"]),
        ("rerun_tests", {"report": "a.txt"}, ["must end in .xml"]),
        ("rerun_tests", {"command": ["rm", "-rf", "/"]}, ["plan.yaml:command: "]),
        ("rerun_tests", {"command": "rm -rf /"}, ["plan.yaml:command: "]),
        ("regenerate_document", {"document": "a.toml"}, ["must end in .json, .yaml or .yml"]),
        ("regenerate_document", {"document": "a/../../b.json"}, ["must stay below the plan's folder"]),
        ("rebuild_mocks", {"wait_seconds": -1}, ["plan.yaml:wait_seconds: "]),
    ],
)
def test_faults_are_named_where_they_are(kind: str, changes: Mapping[str, Any], faults: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        load_fixer(kind, {**SOUND.get(kind, {}), **changes}, place)

    for fault in faults:
        assert fault in str(refused.value)


def test_a_fault_has_the_file_and_line_of_its_parameter(tmp_path: Path) -> None:
    plan = tmp_path / "rollout.yaml"
    plan.write_text("fixers:\n  - kind: rerun_tests\n    parameters:\n      command: tests\n      report: /etc/a.xml\n")
    file = read_settings_file(plan)
    entry: Any = file.values["fixers"]

    with pytest.raises(BadInput, match=rf"^{plan}:5: fixer rerun_tests: report: path '/etc/a.xml' must stay"):
        load_fixer(
            "rerun_tests", entry[0]["parameters"], lambda location: file.place(("fixers", 0, "parameters", *location))
        )


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("kind", SOUND)
def test_a_fixer_that_is_not_switched_on_does_nothing(kind: str, dry_run: bool, make_world: MakeWorld) -> None:
    world = make_world(kinds=set(FIXERS) - {kind})

    report = load_fixer(kind, SOUND[kind], place).fix(world, FAILED, dry_run=dry_run)

    assert not report.done
    assert report.said.startswith(f"the fixer {kind} is not switched on (on: ")
    assert "rollout.fixers.kinds" in report.said


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


def test_a_fixer_that_breaks_down_reports_it_without_secrets(make_world: MakeWorld) -> None:
    report = Breaking().fix(make_world(POKERVOD_HOOK_A="hook-token"), FAILED, dry_run=False)

    assert not report.done
    assert report.said == "apply_migrations broke down: RuntimeError: token ***"


def test_no_report_is_longer_than_a_person_reads(make_world: MakeWorld) -> None:
    report = Talking().fix(make_world(), FAILED, dry_run=False)

    assert report.done
    assert len(report.said) == LONGEST_SAYING
