"""Whether templates can be rendered, said when a graphic is asked for, before a worker is used."""

from collections.abc import Callable, Iterable, Mapping

from pokervod_pipelines.render.templates import Template

FindFaults = Callable[[Template], list[str]]


def find_template_faults(templates: Iterable[Template]) -> dict[str, list[str]]:
    """Return what is wrong (layers, fonts, footage, output module) with each template at fault, by its name."""
    checks = _load_checks()
    found = {template.name: checks[template.renderer](template) for template in templates}
    return {name: faults for name, faults in found.items() if faults}


def _load_checks() -> Mapping[str, FindFaults]:
    """What the renderers themselves look at; loaded only when it is asked, since one brings Pillow."""
    from pokervod_pipelines.render.renderers.local import check  # noqa: PLC0415
    from pokervod_pipelines.render.renderers.nexrender import faults  # noqa: PLC0415

    return {"local": check.find_faults, "nexrender": faults.find_faults}
