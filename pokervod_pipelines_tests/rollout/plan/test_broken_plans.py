"""Check that a plan is valid or refused when it is loaded, with file, line and reason of every problem at once."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.fixers.registry import FIXERS
from pokervod_pipelines.rollout.plan_file import BadPlan, load_plan
from pokervod_pipelines.settings.rollout import RolloutSettings

CASES = Path(__file__).parents[2] / "cases" / "rollout"
BROKEN = yaml.safe_load((CASES / "broken_plans.yaml").read_text(encoding="utf-8"))
FIXER_RIGHTS = {"kinds": [*FIXERS], "commands": {"mocks": ["true"]}}
SETTINGS = RolloutSettings.model_validate({"fixers": FIXER_RIGHTS})
VALID = (CASES / "valid_plan.yaml").read_text(encoding="utf-8").splitlines()


def write_plan(folder: Path, *mistakes: dict[str, Any]) -> Path:
    """Write the valid plan with the mistakes in it; the later lines first, so that the numbers stay right."""
    lines = [*VALID]
    for mistake in sorted(mistakes, key=lambda each: -each["at"]):
        at = mistake["at"] - 1
        indent = len(VALID[at]) - len(VALID[at].lstrip())
        item = 2 if VALID[at].lstrip().startswith("- ") else 0
        put = []
        for number, text in enumerate(mistake["put"]):
            further = 0 if text.startswith("- ") or number == 0 else item
            put.append(" " * (indent + further + mistake.get("indents", [0] * 9)[number]) + text)
        lines[max(0, at) : mistake["at"]] = put
    path = folder / "plan.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refuse(path: Path, settings: RolloutSettings = SETTINGS) -> str:
    with pytest.raises(BadPlan) as refusal:
        load_plan(path, settings)
    return str(refusal.value)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["about"])
def test_a_broken_plan_is_refused_with_its_line_and_what_is_wrong(tmp_path: Path, case: dict[str, Any]) -> None:
    programs = case.get("programs", [])

    settings = SETTINGS.model_copy(update={"allow_commands": bool(programs), "programs": programs})

    message = refuse(write_plan(tmp_path, case), settings)

    reported = [line for line in message.splitlines() if f"plan.yaml:{case.get('line', case['at'])}: " in line]
    assert any(case["says"] in line for line in reported), message


def test_there_are_at_least_forty_broken_plans() -> None:
    assert len({case["about"] for case in BROKEN}) == len(BROKEN) >= 40


def test_the_plan_that_the_mistakes_are_made_in_is_valid(tmp_path: Path) -> None:
    plan = load_plan(write_plan(tmp_path))

    assert [len(week.criteria) for week in plan.weeks] == [1, 1, 1]


def test_every_problem_is_reported_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    mistakes = [
        {"at": 1, "put": ["name: My Plan"]},
        {"at": 7, "put": ["address: nowhere"]},
        {"at": 13, "put": ["- kind: telepathy"]},
        {"at": 21, "put": ["ends: 2027-01-10"]},
        {"at": 25, "put": ["path: ../notes.txt"]},
        {"at": 32, "put": ["query: drop table hands"]},
        {"at": 36, "put": ["on: [sadness]"]},
    ]

    message = refuse(write_plan(tmp_path, *mistakes))

    lines = [int(line.split("plan.yaml:")[1].split(":")[0]) for line in message.splitlines()]
    assert lines == sorted(lines)
    assert {*lines} == {1, 7, 13, 21, 25, 32, 36}


def test_a_mistake_in_a_service_is_not_reported_for_the_criteria_that_name_it(tmp_path: Path) -> None:
    message = refuse(write_plan(tmp_path, {"at": 7, "put": ["address: nowhere"]}))

    assert len(message.splitlines()) == 1


def test_a_password_in_a_refused_address_is_not_shown(tmp_path: Path) -> None:
    mistakes = [
        {"at": 6, "put": ["address: http://ada:hush@a b"]},
        {"at": 7, "put": ["mock: http://ada:hush@b?key=hush"]},
    ]

    assert "hush" not in refuse(write_plan(tmp_path, *mistakes))


def make_bomb(link: str) -> str:
    """Return a small text that is endless once its aliases are resolved: ``link`` makes one level of the one before."""
    levels = [f"a{at}: &a{at} {link.format(','.join([f'*a{at - 1}'] * 9))}" for at in range(1, 10)]
    return "\n".join(["a0: &a0 {k: 1}", *levels])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title: " + "[" * 3000, "are nested too deep"),
        ("title: &a [*a]", "are nested too deep"),
        (make_bomb("[{}]"), "more than 50000 entries"),
        (make_bomb("{{<<: [{}]}}"), "more than 50000 entries"),
    ],
    ids=["depth", "a list in itself", "aliases", "merged aliases"],
)
def test_a_file_that_would_never_be_read_to_its_end_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")

    assert problem in refuse(tmp_path / "plan.yaml")


def test_a_command_is_not_missed_where_its_fixer_is_switched_off(tmp_path: Path) -> None:
    entry = "- {kind: rebuild_mocks, on: [contract], parameters: {command: nope, service: search}}"
    path = write_plan(tmp_path, {"at": 38, "put": [entry], "indents": [-2]})

    assert len(load_plan(path, RolloutSettings()).fixers) == 2


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9) | st.integers(), inner, max_size=3),
    max_leaves=5,
)


def list_places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every location in a plan."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*place, key)
        yield from list_places(each, (*place, key))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([*list_places(yaml.safe_load("\n".join(VALID)))]), ODD)
def test_any_value_anywhere_in_a_plan_is_valid_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], odd: Any
) -> None:
    values = yaml.safe_load("\n".join(VALID))
    inner = values
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = odd
    path = tmp_path_factory.mktemp("odd") / "plan.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")

    with suppress(BadPlan):
        assert load_plan(path, SETTINGS).weeks


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "gone.yaml: cannot be read" in refuse(tmp_path / "gone.yaml")


def test_a_file_that_is_not_a_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("- weeks\n", encoding="utf-8")

    assert "plan.yaml:1: expected a mapping such as 'name: studio', got list" in refuse(tmp_path / "plan.yaml")


def test_a_broken_plan_is_bad_input_and_knows_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        load_plan(write_plan(tmp_path, {"at": 2, "put": ['title: ""']}))

    assert isinstance(refusal.value, BadPlan)
    assert refusal.value.name == "demo"
