"""Which trigger makes which graphic: the rules as data, read once and checked against templates and facts.

A rule that could leave a hole in a picture is refused here, with file and line, before anything is asked for.
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
from pokervod_pipelines.render.templates import Template, Templates, load_templates
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.file import Location, read_settings_file
from pokervod_pipelines.settings.render import RenderOutput, RenderRule

_Fault = tuple[tuple[str, ...], str]
"""Where in a rule something is wrong, and what."""

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
"""The kinds of facts that a layer of each kind takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that is sound: when it fits, what it makes, and how each layer is filled."""

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
        return all(condition.holds(facts) for condition in self.conditions)


class _Shipped(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: list[RenderRule]


@dataclass(frozen=True, slots=True)
class _Told:
    """A rule as it is written, and where to find it: the file, None where it came from no file, and the place in it."""

    rule: RenderRule
    path: Path | None
    place: Location

    def describe(self, parts: tuple[str, ...], fault: str) -> str:
        place = read_settings_file(self.path).place((*self.place, *parts))
        return f"{place}: render rule {self.rule.name!r}: {fault}"


def load_rules(settings: Settings, templates: Templates | None = None) -> tuple[Rule, ...]:
    """Return the rules that are enabled, in order: those of the package as the settings change them, then others.

    Raises ``BadSettings`` that names every fault by file and line.
    """
    templates = load_house_templates(settings) if templates is None else templates
    rules: list[Rule] = []
    faults: list[str] = []
    for told in _tell_rules(settings):
        found = list(_find_faults(told.rule, templates))
        faults += [told.describe(*fault) for fault in found]
        if not found and told.rule.enabled:
            rules.append(_read_rule(told.rule, templates[str(told.rule.template)]))
    if faults:
        raise BadSettings("\n".join(faults))
    return tuple(rules)


def load_house_templates(settings: Settings) -> Templates:
    """Return the templates of the package and those of the folder that the settings name."""
    return load_templates(find_house_folders(settings))


def find_house_folders(settings: Settings) -> list[Path]:
    """Return where the house's own templates are, if it has any."""
    folder = settings.render.templates
    base = settings.source.parent if settings.source else Path.cwd()
    return [base / folder] if folder else []


def _tell_rules(settings: Settings) -> list[_Told]:
    told = {rule.name: _Told(rule, SHIPPED, ("rules", at)) for at, rule in enumerate(_read_shipped())}
    for at, rule in enumerate(settings.render.rules):
        before = told.get(rule.name)
        whole = before.rule.model_copy(update=_list_given(rule)) if before else rule
        told[rule.name] = _Told(whole, settings.source, ("render", "rules", at))
    return [*told.values()]


@cache
def _read_shipped() -> tuple[RenderRule, ...]:
    """Read once: what the package brings does not change while it runs."""
    return tuple(_Shipped.model_validate(read_settings_file(SHIPPED).values).rules)


def _list_given(rule: RenderRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in rule.model_fields_set}


def _find_faults(rule: RenderRule, templates: Templates) -> Iterator[_Fault]:
    if rule.on is None or rule.template is None:
        missing = "on" if rule.on is None else "template"
        yield (), f"{missing} is missing, and no rule of the package has this name to take it from"
        return
    facts = FACTS[rule.on]
    for key, value in rule.where.items():
        try:
            read_condition(key, value, facts)
        except ValueError as error:
            yield ("where", key), f"where: {error}"
    template = templates.get(rule.template)
    if template is None:
        yield ("template",), f"no template {rule.template!r}; there are {', '.join(templates)}"
        return
    if rule.output.format is not None and rule.output.format not in template.formats:
        allowed = ", ".join(template.formats)
        yield ("output", "format"), f"{template.name} cannot be {rule.output.format}, only {allowed}"
    yield from _find_layer_faults(rule, template, facts)


def _find_layer_faults(rule: RenderRule, template: Template, facts: Mapping[str, Fact]) -> Iterator[_Fault]:
    for name in sorted(template.required_layers - rule.layers.keys()):
        yield ("layers",), f"layer {name!r} of {template.name} is required and nothing fills it"
    for name, said in rule.layers.items():
        if name not in template.layers:
            known = ", ".join(template.layers)
            yield ("layers", name), f"{template.name} has no layer {name!r}; its layers are {known}"
            continue
        try:
            _check_filling(template.layers[name], said, facts)
        except (ValueError, BadValue) as error:
            yield ("layers", name), f"layer {name!r}: {error}"


def _check_filling(layer: Layer, said: str | float, facts: Mapping[str, Fact]) -> None:
    expression = _read_filling(said, facts)
    if not any(piece.fact for piece in expression.pieces):
        check_value(layer, said)
        return
    if expression.kind not in FILLED_BY[layer.kind]:
        message = f"{said!r} is {expression.kind}, the layer takes {layer.kind}"
        raise ValueError(message)
    lacking = [name for name, column in layer.columns.items() if column.required and name not in expression.columns]
    if lacking:
        message = f"{said!r} has no column {lacking[0]!r}; its columns are {', '.join(expression.columns)}"
        raise ValueError(message)


def _read_filling(said: str | float, facts: Mapping[str, Fact]) -> Expression:
    if isinstance(said, str):
        return read_expression(said, facts)
    return Expression((Piece(value=said),), "number", {})


def _read_rule(rule: RenderRule, template: Template) -> Rule:
    assert rule.on is not None  # noqa: S101 - its absence was a fault
    facts = FACTS[rule.on]
    return Rule(
        name=rule.name,
        on=rule.on,
        conditions=tuple(read_condition(key, value, facts) for key, value in rule.where.items()),
        template=template,
        layers={name: _read_filling(said, facts) for name, said in rule.layers.items()},
        priority=rule.priority,
        output=rule.output,
        again=rule.again,
    )
