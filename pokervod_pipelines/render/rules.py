"""Read the rules that say which trigger makes which graphic, and check them against templates and facts.

A rule that could leave a hole in a picture is refused here, with file and line, before any instruction is made.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.render.expressions import Condition, Expression, Piece, read_condition, read_expression
from pokervod_pipelines.render.facts import FACTS, Fact
from pokervod_pipelines.render.layers import BadValue, Layer, check_value
from pokervod_pipelines.render.templates import Template, Templates, load_configured_templates
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.file import Location, read_settings_file
from pokervod_pipelines.settings.render import RenderOutput, RenderRule

_Fault = tuple[tuple[str, ...], str]
"""The key in a rule that is wrong, and why."""

SHIPPED = Path(__file__).parent / "rules.yaml"

FILLED_BY: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "number", "chips"}),
    "image": frozenset({"text"}),
    "number": frozenset({"number", "chips"}),
    "chips": frozenset({"number", "chips"}),
    "card": frozenset(),
    "cards": frozenset({"cards"}),
    "rows": frozenset({"rows"}),
}
"""The kinds of facts that may fill a layer of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Hold a valid rule: its conditions, its template, and the expression that fills each layer."""

    name: str
    on: str
    conditions: tuple[Condition, ...]
    template: Template
    layers: Mapping[str, Expression]
    priority: int
    output: RenderOutput
    again: bool

    def fits(self, facts: Mapping[str, Any]) -> bool:
        """Return whether a trigger with these facts makes this rule's graphic."""
        return all(condition.is_met(facts) for condition in self.conditions)


class _Shipped(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: list[RenderRule]


@dataclass(frozen=True, slots=True)
class _WrittenRule:
    """Hold a rule as it is written, with its file (None where it came from no file) and its location there."""

    rule: RenderRule
    path: Path | None
    location: Location

    def describe(self, parts: tuple[str, ...], fault: str) -> str:
        place = read_settings_file(self.path).place((*self.location, *parts))
        return f"{place}: render rule {self.rule.name!r}: {fault}"


def load_rules(settings: Settings, templates: Templates | None = None) -> tuple[Rule, ...]:
    """Return the enabled rules in order: those of the package as the settings change them, then others.

    Raises ``BadSettings`` that names every problem by file and line.
    """
    templates = load_configured_templates(settings) if templates is None else templates
    rules: list[Rule] = []
    faults: list[str] = []
    for written in _merge_rules(settings):
        found = list(_find_faults(written.rule, templates))
        faults += [written.describe(*fault) for fault in found]
        if not found and written.rule.enabled:
            rules.append(_read_rule(written.rule, templates[str(written.rule.template)]))
    if faults:
        raise BadSettings("\n".join(faults))
    return tuple(rules)


def _merge_rules(settings: Settings) -> list[_WrittenRule]:
    """Return the package's rules as the settings change them, then the settings' own."""
    merged = {rule.name: _WrittenRule(rule, SHIPPED, ("rules", at)) for at, rule in enumerate(_read_shipped())}
    for at, rule in enumerate(settings.render.rules):
        before = merged.get(rule.name)
        whole = before.rule.model_copy(update=_list_given(rule)) if before else rule
        merged[rule.name] = _WrittenRule(whole, settings.source, ("render", "rules", at))
    return [*merged.values()]


@cache
def _read_shipped() -> tuple[RenderRule, ...]:
    """Read the package's rules once: they do not change while it runs."""
    return tuple(_Shipped.model_validate(read_settings_file(SHIPPED).values).rules)


def _list_given(rule: RenderRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in rule.model_fields_set}


def _find_faults(rule: RenderRule, templates: Templates) -> Iterator[_Fault]:
    if rule.on is None or rule.template is None:
        missing = "on" if rule.on is None else "template"
        yield (), f"{missing} is required: no rule of the package has this name"
        return
    facts = FACTS[rule.on]
    for key, value in rule.where.items():
        try:
            read_condition(key, value, facts)
        except ValueError as error:
            yield ("where", key), f"where: {error}"
    template = templates.get(rule.template)
    if template is None:
        yield ("template",), f"unknown template {rule.template!r}; the templates are {', '.join(templates)}"
        return
    if rule.output.format is not None and rule.output.format not in template.formats:
        allowed = ", ".join(template.formats)
        yield ("output", "format"), f"{template.name} has no format {rule.output.format}; its formats are {allowed}"
    yield from _find_layer_faults(rule, template, facts)


def _find_layer_faults(rule: RenderRule, template: Template, facts: Mapping[str, Fact]) -> Iterator[_Fault]:
    for name in sorted(template.required_layers - rule.layers.keys()):
        yield ("layers",), f"layer {name!r} of {template.name} is required; no expression fills it"
    for name, filling in rule.layers.items():
        if name not in template.layers:
            known = ", ".join(template.layers)
            yield ("layers", name), f"unknown layer {name!r} of {template.name}; its layers are {known}"
            continue
        try:
            _check_filling(template.layers[name], filling, facts)
        except (ValueError, BadValue) as error:
            yield ("layers", name), f"layer {name!r}: {error}"


def _check_filling(layer: Layer, filling: str | float, facts: Mapping[str, Fact]) -> None:
    expression = _read_filling(filling, facts)
    if not any(piece.fact for piece in expression.pieces):
        check_value(layer, filling)
        return
    if expression.kind not in FILLED_BY[layer.kind]:
        message = f"expected {layer.kind}, got {filling!r}, which is {expression.kind}"
        raise ValueError(message)
    lacking = [name for name, column in layer.columns.items() if column.required and name not in expression.columns]
    if lacking:
        message = f"{filling!r} lacks the column {lacking[0]!r}; its columns are {', '.join(expression.columns)}"
        raise ValueError(message)


def _read_filling(filling: str | float, facts: Mapping[str, Fact]) -> Expression:
    if isinstance(filling, str):
        return read_expression(filling, facts)
    return Expression((Piece(value=filling),), "number", {})


def _read_rule(rule: RenderRule, template: Template) -> Rule:
    assert rule.on is not None  # noqa: S101 - its absence was reported
    facts = FACTS[rule.on]
    return Rule(
        name=rule.name,
        on=rule.on,
        conditions=tuple(read_condition(key, value, facts) for key, value in rule.where.items()),
        template=template,
        layers={name: _read_filling(filling, facts) for name, filling in rule.layers.items()},
        priority=rule.priority,
        output=rule.output,
        again=rule.again,
    )
