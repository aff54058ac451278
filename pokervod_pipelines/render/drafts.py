"""Make drafts of triggers and rules: instructions as they should be, not yet compared with stored ones. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any

from pokervod_pipelines.render.layers import BadValue, Value, fit_value
from pokervod_pipelines.render.rules import Rule
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.render.triggers import Trigger
from pokervod_pipelines.settings.render import RenderOutput, RenderSettings

Identity = tuple[str, str, str]
"""Trigger kind, trigger key and template: one instruction is in force for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Describe an instruction as it should be; ``again`` remakes a completed graphic that is outdated."""

    trigger_kind: str
    trigger_key: str
    template: str
    layers: Mapping[str, Value]
    output: Mapping[str, Any]
    priority: int
    day: date
    by: str
    reason: str
    hand_id: int | None = None
    again: bool = False
    renderer: str = "local"

    @property
    def identity(self) -> Identity:
        """Return the identity of its instruction."""
        return self.trigger_kind, self.trigger_key, self.template

    @property
    def digest(self) -> str:
        """Return a digest that differs where the pictures differ."""
        return digest_picture(self.template, self.layers, self.output)


@dataclass(frozen=True, slots=True)
class Drafts:
    """Hold the drafts, and why a trigger that a rule fits made none, by identity."""

    drafts: dict[Identity, Draft] = field(default_factory=dict)
    refused: dict[Identity, str] = field(default_factory=dict)


def digest_picture(template: str, layers: Mapping[str, Any], output: Mapping[str, Any]) -> str:
    """Return a digest that is the same for the same picture, whatever order its layers were given in."""
    plain = json.dumps([template, layers, output], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def make_output(render: RenderSettings, template: Template, own: RenderOutput) -> dict[str, Any]:
    """Return the output of the graphic: as ``own`` says, else the settings, else the template.

    A format of the settings that the template does not have is replaced by the template's first.
    """
    given = {
        name: value
        for output in (render.output, own)
        for name, value in output.model_dump().items()
        if value is not None and not (name == "format" and value not in template.formats)
    }
    return {
        "format": template.formats[0],
        "width": template.width,
        "height": template.height,
        "fps": template.fps,
        "seconds": template.seconds,
        "path": render.path,
        **given,
    }


def make_drafts(triggers: Iterable[Trigger], rules: Sequence[Rule], render: RenderSettings) -> Drafts:
    """Return the drafts of the triggers; of a template's rules, the first that fits a trigger makes it."""
    made = Drafts()
    for trigger in triggers:
        fitting = (rule for rule in rules if rule.on == trigger.kind and rule.fits(trigger.facts))
        for rule in fitting:
            identity = (trigger.kind, trigger.key, rule.template.name)
            if identity in made.drafts or identity in made.refused:
                continue
            try:
                made.drafts[identity] = _make_draft(trigger, rule, render)
            except BadValue as error:
                made.refused[identity] = f"{trigger.title}: {error}"
    return made


def _make_draft(trigger: Trigger, rule: Rule, render: RenderSettings) -> Draft:
    return Draft(
        trigger_kind=trigger.kind,
        trigger_key=trigger.key,
        template=rule.template.name,
        layers=_fill_layers(trigger, rule),
        output=make_output(render, rule.template, rule.output),
        priority=rule.priority,
        day=trigger.day,
        by=f"rule {rule.name}",
        reason=trigger.title,
        hand_id=trigger.hand_id,
        again=rule.again,
        renderer=rule.template.renderer,
    )


def _fill_layers(trigger: Trigger, rule: Rule) -> dict[str, Value]:
    filled: dict[str, Value] = {}
    for name, expression in rule.layers.items():
        layer = rule.template.layers[name]
        value = expression.evaluate(trigger.facts)
        if value is None:
            if layer.required:
                where = f"layer {name!r} of {rule.template.name}"
                raise BadValue(f"{where} is required, but its source has no value; enter it there")
            continue
        if layer.kind == "text" and not isinstance(value, str):
            value = f"{value:,}"
        try:
            filled[name] = fit_value(layer, value)
        except BadValue as error:
            if layer.required:
                raise BadValue(f"layer {name!r} of {rule.template.name}: {error}") from None
    return filled
