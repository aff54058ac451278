"""Find in advance what would fail at the farm: in a template, in the settings, at the server.

Only a render node knows whether After Effects accepts a project.
"""

import html
import mmap
from functools import lru_cache
from pathlib import Path

from pokervod_pipelines.render.failures import RenderFailure
from pokervod_pipelines.render.renderers.nexrender.client import NexrenderClient
from pokervod_pipelines.render.renderers.nexrender.farm import find_farm, is_local, write_address
from pokervod_pipelines.render.renderers.nexrender.job_builder import list_layer_names
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.settings.render import NexrenderSettings

PROJECTS = (b"RIFX", b"<?xml")
"""First bytes of After Effects projects, .aep and .aepx: in both, names of layers are plain text."""


def find_faults(template: Template) -> list[str]:
    """Return why After Effects could not render the template; each names the key and the fix."""
    faults = []
    if len(template.formats) > 1:
        faults.append(f"formats: one output module makes one format, got {', '.join(template.formats)}; keep one")
    if template.output_module is None:
        faults.append("output_module: missing; name the After Effects output module of the format")
    if not template.composition.strip():
        faults.append("composition: blank; name the composition to render")
    return faults + _find_source_faults(template)


def _find_source_faults(template: Template) -> list[str]:
    source = template.source or ""
    try:
        write_address(source)
    except ValueError:
        return [f"source: {source!r} must be an absolute path or an address, because render nodes have other folders"]
    if not is_local(source):
        return []
    if not Path(source).is_file():
        return [f"source: {source} is not a file on this machine; correct the path or mount its folder"]
    names = [name for layer in template.layers for name in list_layer_names(layer, template.layers[layer])]
    missing_names = find_missing_names(Path(source), (template.composition, *names))
    return [f"source: {source} has no layer or composition named {name!r}; rename it there" for name in missing_names]


def find_missing_names(project: Path, names: tuple[str, ...]) -> list[str]:
    """Return the names that the project lacks; none for a file that cannot be searched."""
    fact = project.stat()
    return list(_search_project(project, fact.st_size, fact.st_mtime_ns, names))


@lru_cache(maxsize=64)
def _search_project(project: Path, size: int, _mtime_ns: int, names: tuple[str, ...]) -> tuple[str, ...]:
    """Search the project; cached, because it may have hundreds of megabytes and is searched for every job."""
    with project.open("rb") as file:
        if not size or not file.read(5).startswith(PROJECTS):
            return ()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return tuple(name for name in names if not any(data.find(form) >= 0 for form in _list_encodings(name)))


def _list_encodings(name: str) -> set[bytes]:
    """Return the encodings of a name in .aepx and .aep; old versions write UTF-16 for letters beyond ASCII."""
    return {name.encode(), html.escape(name).encode(), name.encode("utf-16-be"), name.encode("utf-16-le")}


async def check_farm(settings: NexrenderSettings, client: NexrenderClient | None, secret: str | None) -> list[str]:
    """Return what is wrong with the settings, the folder or the server; each says how to fix it."""
    faults = []
    try:
        find_farm(settings).check()
    except RenderFailure as failure:
        faults.append(str(failure))
    if client is None:
        return [*faults, "render.nexrender.url is not set; set it to the address of the nexrender server"]
    try:
        await client.list_jobs()
    except RenderFailure as failure:
        return [*faults, str(failure)]
    if secret is None:
        faults.append(
            f"nexrender at {client.url} accepts jobs from anybody and listens on every interface; "
            "start it with --secret and set POKERVOD_NEXRENDER_SECRET"
        )
    return faults
