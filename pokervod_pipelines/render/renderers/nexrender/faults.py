"""What would go wrong at the farm, found before it does: in a template, and in the settings and the server.

Pure or nearly so; whether After Effects likes a project is only known on a render node.
"""

import html
import mmap
from functools import lru_cache
from pathlib import Path

from pokervod_pipelines.render.failures import RenderFailure
from pokervod_pipelines.render.renderers.nexrender.client import Client
from pokervod_pipelines.render.renderers.nexrender.farm import find_farm, is_local, write_address
from pokervod_pipelines.render.renderers.nexrender.orders import list_layer_names
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.settings.render import NexrenderSettings

PROJECTS = (b"RIFX", b"<?xml")
"""How projects of After Effects begin, .aep and .aepx: in both, names of layers stand as plain text."""


def find_faults(template: Template) -> list[str]:
    """Return why After Effects could not render the template; each names the key and its mend."""
    faults = []
    if len(template.formats) > 1:
        faults.append(f"formats: one output module makes one format, not {', '.join(template.formats)}; keep one")
    if template.output_module is None:
        faults.append("output_module: missing; name the output module of After Effects that makes the format")
    if not template.composition.strip():
        faults.append("composition: blank; name the composition to render")
    return faults + _find_source_faults(template)


def _find_source_faults(template: Template) -> list[str]:
    source = template.source or ""
    try:
        write_address(source)
    except ValueError:
        return [f"source: {source!r} must be a whole path or an address, for render nodes have folders of their own"]
    if not is_local(source):
        return []
    if not Path(source).is_file():
        return [f"source: {source} is no file on this machine; mend the path or mount its folder"]
    names = [name for layer in template.layers for name in list_layer_names(layer, template.layers[layer])]
    lacking = find_lacking(Path(source), (template.composition, *names))
    return [f"source: {source} holds neither layer nor composition named {name!r}; rename it there" for name in lacking]


def find_lacking(project: Path, names: tuple[str, ...]) -> list[str]:
    """Return the names that stand nowhere in the project; none for a file that is no project we can look into."""
    fact = project.stat()
    return list(_find_lacking(project, fact.st_size, fact.st_mtime_ns, names))


@lru_cache(maxsize=64)
def _find_lacking(project: Path, size: int, _mtime_ns: int, names: tuple[str, ...]) -> tuple[str, ...]:
    """A project may have hundreds of megabytes, and is looked into for every job."""
    with project.open("rb") as file:
        if not size or not file.read(5).startswith(PROJECTS):
            return ()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return tuple(name for name in names if not any(data.find(form) >= 0 for form in _write_forms(name)))


def _write_forms(name: str) -> set[bytes]:
    """As names stand in .aepx and .aep; old versions write UTF-16 for letters beyond ASCII."""
    return {name.encode(), html.escape(name).encode(), name.encode("utf-16-be"), name.encode("utf-16-le")}


async def check_farm(settings: NexrenderSettings, client: Client | None, secret: str | None) -> list[str]:
    """Return what is wrong with the settings, the folder or the server; each says how to mend it."""
    faults = []
    try:
        find_farm(settings).check()
    except RenderFailure as failure:
        faults.append(str(failure))
    if client is None:
        return [*faults, "render.nexrender.url is not set: the address of the nexrender server"]
    try:
        await client.list_jobs()
    except RenderFailure as failure:
        return [*faults, str(failure)]
    if secret is None:
        faults.append(
            f"nexrender at {client.url} takes jobs from anybody, and it listens on every interface; "
            "start it with --secret and set POKERVOD_NEXRENDER_SECRET"
        )
    return faults
