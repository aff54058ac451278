"""Test that rules fit their template and their trigger's facts, or are refused with file and line first."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.render.drafts import make_drafts
from pokervod_pipelines.render.rules import load_rules
from pokervod_pipelines.render.triggers import Trigger
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines_tests.read_yaml import read_yaml

CASES = Path(__file__).parents[1] / "cases" / "render"
BROKEN = read_yaml(CASES / "broken_rules.yaml")
HAND = {
    "category": "full_house",
    "grade": "B",
    "pot": 45_000,
    "best.player": "Ana",
    "best.cards": ["As"],
    "table": "T7",
}


def load(folder: Path, *rules: dict[str, Any]) -> Settings:
    """Return settings whose file holds these rules, each key and each layer in a line of its own."""
    lines = ["render:", "  rules:"]
    for rule in rules:
        for number, (key, value) in enumerate(rule.items()):
            head = f"    {' ' if number else '-'} {key}:"
            if isinstance(value, dict):
                lines += [head, *(f"        {name}: {_flow(each)}" for name, each in value.items())]
            else:
                lines.append(f"{head} {_flow(value)}")
    (folder / "pokervod.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_settings({}, folder)


def _flow(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=9999).replace("...\n", "").strip()


def make_trigger(kind: str = "premium_hand", **facts: Any) -> Trigger:
    return Trigger(
        kind=kind,
        key="k",
        day=date(2031, 5, 4),
        title="a hand",
        facts={"shown": True, "best.name": "Kings full of Nines", **HAND, **facts},
    )


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["about"])
def test_a_broken_rule_is_refused_with_its_line_and_what_is_wrong(tmp_path: Path, case: dict[str, Any]) -> None:
    with pytest.raises(BadSettings) as refusal:
        load_rules(load(tmp_path, case["rule"]))

    assert case["says"] in str(refusal.value)
    assert f"pokervod.yaml:{case['line']}: " in str(refusal.value)


def test_the_rules_of_the_package_are_valid_and_in_force_without_settings(
    settings_factory: Callable[..., Settings],
) -> None:
    rules = load_rules(settings_factory())

    assert [rule.name for rule in rules] == [
        *("premium_hand", "elimination", "leaderboard", "chip_counts", "payouts", "next_stream")
    ]


def test_a_rule_of_the_package_is_changed_by_its_name_alone(tmp_path: Path) -> None:
    rules = load_rules(
        load(
            tmp_path,
            {"name": "premium_hand", "priority": 1, "where": {"grade": "A"}},
            {"name": "payouts", "enabled": False},
        )
    )

    premium = next(rule for rule in rules if rule.name == "premium_hand")
    assert (premium.priority, premium.template.name, len(premium.layers)) == (1, "premium_hand", 7)
    assert not premium.fits(HAND)
    assert premium.fits({**HAND, "grade": "A"})
    assert "payouts" not in [rule.name for rule in rules]


def test_every_problem_of_every_rule_is_reported_at_once(tmp_path: Path) -> None:
    broken = {"on": "elimination", "template": "elimination", "layers": {"who": "{who}", "player": "{them}"}}

    with pytest.raises(BadSettings) as refusal:
        load_rules(load(tmp_path, {"name": "one", **broken}, {"name": "two", **broken}))

    assert str(refusal.value).count("pokervod.yaml:") == 4


def test_a_disabled_rule_must_be_valid_too(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="unknown layer 'who'"):
        load_rules(load(tmp_path, {"name": "elimination", "enabled": False, "layers": {"player": "x", "who": "x"}}))


CONDITIONS = [
    ({"grade": "b"}, True),
    ({"grade": ["A", "B"]}, True),
    ({"grade_not": "B"}, False),
    ({"grade_not": ["A", "C"]}, True),
    ({"category": "four_of_a_kind"}, False),
    ({"pot_at_least": 45_000}, True),
    ({"pot_at_least": 45_001}, False),
    ({"pot_at_most": 45_000}, True),
    ({"table_contains": "t7"}, True),
    ({"table_contains": ["x", "y"]}, False),
    ({"pot": 45_000, "grade": "A"}, False),
    ({"project": "WSOP"}, False),
    ({"project_not": "WSOP"}, True),
    ({"rank_at_most": 10}, False),
]


@pytest.mark.parametrize(("where", "fits"), CONDITIONS, ids=str)
def test_comparisons(
    settings_factory: Callable[..., Settings],
    where: dict[str, Any],
    fits: bool,
) -> None:
    rules = load_rules(settings_factory(render={"rules": [{"name": "premium_hand", "where": where}]}))

    assert rules[0].fits(HAND) is fits


def test_the_first_rule_that_fits_makes_a_template_and_others_make_others(
    settings_factory: Callable[..., Settings],
) -> None:
    layers = {"player": "{best.player|upper}", "event": "{category|title}, {pot|short} at {table}", "place": "{number}"}
    mine = {"name": "mine", "on": "premium_hand", "template": "elimination", "layers": layers, "priority": 9}
    late = {**mine, "name": "late", "priority": 10}
    settings = settings_factory(render={"rules": [mine, late], "output": {"fps": 50, "format": "mp4"}})

    made = make_drafts([make_trigger(number=1234)], load_rules(settings), settings.render)

    draft = made.drafts["premium_hand", "k", "elimination"]
    assert (draft.by, draft.priority) == ("rule mine", 9)
    assert draft.layers == {"player": "ANA", "event": "Full House, 45K at T7", "place": "1,234"}
    assert (draft.output["fps"], draft.output["format"], draft.output["width"]) == (50, "mp4", 1920)
    assert ("premium_hand", "k", "premium_hand") in made.drafts


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"best.player": ""}, "layer 'player' of premium_hand is required, but its source has no value"),
        ({"best.cards": []}, "layer 'cards' of premium_hand is required, but its source has no value"),
        ({"best.cards": ["As", "As"]}, "layer 'cards' of premium_hand: duplicate cards: As;"),
        ({"pot": None}, "layer 'pot' of premium_hand is required"),
    ],
)
def test_a_trigger_that_would_leave_a_hole_makes_no_graphic_and_says_why(
    settings_factory: Callable[..., Settings], facts: dict[str, Any], says: str
) -> None:
    settings = settings_factory()

    made = make_drafts([make_trigger(**facts)], load_rules(settings), settings.render)

    assert not made.drafts
    assert says in made.refused["premium_hand", "k", "premium_hand"]


def test_an_optional_layer_that_is_unknown_or_does_not_fit_is_left_out(
    settings_factory: Callable[..., Settings],
) -> None:
    settings = settings_factory()
    unknown: dict[str, Any] = {"best.hole_cards": ["As", "As"], "board": []}
    trigger = make_trigger(**unknown)

    (draft,) = make_drafts([trigger], load_rules(settings), settings.render).drafts.values()

    assert {*draft.layers} == {"player", "cards", "rank", "pot"}


def test_a_rule_may_fill_layers_with_constants(settings_factory: Callable[..., Settings]) -> None:
    rule = {"name": "premium_hand", "layers": {"player": "Ana", "cards": "{best.cards}", "rank": "x", "pot": 5}}
    settings = settings_factory(render={"rules": [rule]})

    (draft,) = make_drafts([make_trigger()], load_rules(settings), settings.render).drafts.values()

    assert draft.layers == {"player": "Ana", "cards": ["As"], "rank": "x", "pot": 5}
