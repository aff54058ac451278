"""Render and verify files: a renderer writes one, the verifier compares it with its instruction.

Nothing is published here: the queue does that while it has locked the row, with ``FinishedRender.publish``.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.policies.blocks import NEXRENDER
from pokervod_pipelines.policies.breakers import BreakerOptions
from pokervod_pipelines.render.failures import BadInstruction, RenderFailure, SpoiledOutput, TransientFailure
from pokervod_pipelines.render.outputs.digest import OutputStat
from pokervod_pipelines.render.outputs.inspection import ExpectedOutput, Inspection
from pokervod_pipelines.render.outputs.marker import check_marker
from pokervod_pipelines.render.outputs.paths import UNFINISHED, fill_path, find_output_path, prepare_target
from pokervod_pipelines.render.outputs.publish import delete_output, publish, unpublish
from pokervod_pipelines.render.outputs.store import make_facts
from pokervod_pipelines.render.outputs.verifier import Verifier
from pokervod_pipelines.render.queue import FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.renderers.job import (
    SUFFIXES,
    OutputSpec,
    Renderer,
    RenderJob,
    ReportProgress,
    check_layers,
)
from pokervod_pipelines.render.renderers.local.renderer import LocalRenderer
from pokervod_pipelines.render.renderers.nexrender.job_builder import hash_content
from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer
from pokervod_pipelines.render.renderers.nexrender.timeouts import NexrenderTimeouts
from pokervod_pipelines.render.states import Job
from pokervod_pipelines.render.templates import ReadTemplates, Template, TemplateFiles
from pokervod_pipelines.render.worker.running import RENDERED
from pokervod_pipelines.settings import Settings

TIDY_SECONDS = 20.0

_log = logging.getLogger(__name__)


class RenderPipeline:
    """Render jobs below ``root`` with the renderers, as many at once as ``slots`` says of each.

    Templates are read before each job; a running job keeps the one it started with.
    """

    def __init__(
        self,
        *,
        root: Path,
        read_templates: ReadTemplates,
        renderers: Sequence[Renderer],
        slots: Mapping[str, int],
        verifier: Verifier,
        check_seconds: float,
    ) -> None:
        self.slots = slots
        self._root, self._read_templates, self._verifier = root, read_templates, verifier
        self._renderers = {renderer.name: renderer for renderer in renderers}
        self._check_seconds = check_seconds

    async def render(self, job: ClaimedJob, report: ReportProgress) -> FinishedRender:
        """Return the job, rendered and verified; on any failure no file of it is left."""
        template = find_template(await asyncio.to_thread(self._read_templates), job)
        picture = read_picture(job)
        final = self._find_final_path(job, picture)
        target = await asyncio.to_thread(prepare_target, self._root, job.claim_id, picture.format)
        try:
            render_job = RenderJob(
                instruction_id=job.id,
                claim_id=job.claim_id,
                template=template,
                layers=check_layers(template, job.layers),  # the template may have changed since the request
                spec=picture,
                target=target,
            )
            inspection = await self._render(render_job, report)
            content_hash = await asyncio.to_thread(_hash_content, render_job)
        except BaseException:
            await asyncio.to_thread(_try_discard, target)
            raise
        return FinishedRender(
            job=job,
            facts=make_facts(inspection, final.relative_to(self._root), content_hash),
            publish=_publish_once(self._root, target, final),
            unpublish=lambda: _try_unpublish(target, final, inspection),
        )

    async def _render(self, job: RenderJob, report: ReportProgress) -> Inspection:
        renderer = job.template.renderer
        await self._renderers[renderer].render(job, lambda share: report(share * RENDERED))
        report(RENDERED)
        expected = ExpectedOutput(template=job.template, layers=job.layers, spec=job.spec, renderer=renderer)
        inspection = await self._verifier.verify(job.target, expected, seconds_limit=self._check_seconds)
        if not inspection.is_valid:
            raise SpoiledOutput("the file differs from its instruction: " + "; ".join(inspection.problems))
        return inspection

    def _find_final_path(self, job: ClaimedJob, picture: OutputSpec) -> Path:
        relative = fill_path(
            job.output["path"],
            day=job.day,
            template=job.template,
            kind=job.trigger_kind,
            key=job.trigger_key,
            id=job.id,
            version=job.version,
        )
        return find_output_path(self._root, relative, picture.format)

    def discard(self, job: Job) -> None:
        """Delete the unfinished file of the job; its final path is not touched."""
        for suffix in set(SUFFIXES.values()):
            _try_discard(self._root / UNFINISHED / f"{job.claim_id}{suffix}")

    async def tidy(self) -> None:
        """Delete what was left at a render farm days ago; a farm that does not answer is skipped."""
        for renderer in self._renderers.values():
            if isinstance(renderer, NexrenderRenderer):
                try:
                    await asyncio.wait_for(renderer.sweep(), TIDY_SECONDS)
                except (TimeoutError, RenderFailure, OSError) as error:
                    _log.warning("old jobs at nexrender were not deleted, the next worker tries again: %s", error)

    async def close(self) -> None:
        """Stop all child processes and close all connections."""
        await asyncio.gather(self._verifier.close(), *(renderer.close() for renderer in self._renderers.values()))


def open_pipeline(
    settings: Settings, read_templates: ReadTemplates, *, engine: Engine | None = None, concurrency: int | None = None
) -> RenderPipeline:
    """Return a pipeline of all renderers that the settings allow; at most ``concurrency`` local renders at once.

    To be called inside the event loop. With an ``engine`` the farm is called behind its breaker.
    """
    cores = os.cpu_count() or 1
    processes = min(concurrency or cores, cores)
    secret = settings.nexrender_secret.get_secret_value() if settings.nexrender_secret else None
    renderers: list[Renderer] = [LocalRenderer(settings.render.mov_codec, processes)]
    slots = {"local": processes}
    if settings.render.nexrender.url is not None:
        options = BreakerOptions(zone=settings.zone, probe_seconds=NexrenderTimeouts().probe)
        breaker = make_breaker(engine, NEXRENDER, options) if engine is not None else None
        renderers.append(NexrenderRenderer(settings.render.nexrender, secret, breaker=breaker))
        slots["nexrender"] = settings.render.nexrender.jobs
    return RenderPipeline(
        root=settings.renders,
        read_templates=read_templates,
        renderers=renderers,
        slots=slots,
        verifier=Verifier(cores),
        check_seconds=settings.render.queue.timeout_minutes * 60,
    )


def find_template(files: TemplateFiles, job: ClaimedJob) -> Template:
    """Return the template of the job. Raises a failure of ``render.failures`` where it cannot be used.

    A broken file is a transient failure: it may be half written, and a person is working on it.
    """
    name = job.template
    if name in files.problems:
        raise TransientFailure(f"the template cannot be read; correct it, then retry: {files.problems[name]}")
    if name not in files.valid:
        raise BadInstruction(f"the template {name!r} was deleted; restore its file, then retry")
    template = files.valid[name]
    if template.renderer != job.renderer:
        raise BadInstruction(
            f"template {name} is rendered by {template.renderer} now, the instruction is for {job.renderer}; "
            "cancel it and ask for the graphic again"
        )
    return template


def read_picture(job: ClaimedJob) -> OutputSpec:
    """Return the picture format of the job. Raises ``BadInstruction`` where it, or the path, is incomplete."""
    fields = OutputSpec.__dataclass_fields__
    if missing := [name for name in (*fields, "path") if name not in job.output]:
        raise BadInstruction(f"the instruction lacks its {missing[0]}; ask for the graphic again")
    return OutputSpec(**{name: job.output[name] for name in fields})


def _hash_content(job: RenderJob) -> str | None:
    """Return a hash of what cannot be drawn again here: its picture has to differ from those with other content."""
    return hash_content(job.template, job.layers) if job.template.renderer == NexrenderRenderer.name else None


def _try_discard(path: Path) -> None:
    """Delete the file; one that cannot be deleted now is swept later."""
    try:
        delete_output(path)
    except OSError as error:
        _log.warning("%s was not deleted: %s", path, error)


def _try_unpublish(target: Path, final: Path, inspection: Inspection) -> None:
    """Unpublish the file; one that cannot be deleted now is reported by the audit of its day."""
    measure = OutputStat(size_bytes=inspection.size_bytes, mtime_ns=inspection.mtime_ns)
    try:
        unpublish(target, final, measure, inspection.sha256)
    except OSError as error:
        _log.warning("%s belongs to no completed instruction and was not deleted: %s", final, error)


def _publish_once(root: Path, target: Path, final: Path) -> Callable[[], None]:
    """Return a function that publishes the file once, however often its transaction has to be repeated.

    The share may have been unmounted since the render began, so its marker is checked again.
    """
    done: list[Path] = []

    def move() -> None:
        if not done:
            check_marker(root)
            publish(target, final)
            done.append(final)

    return move
