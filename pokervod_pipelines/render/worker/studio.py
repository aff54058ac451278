"""The maker of real files: a renderer makes one, the verifier compares it with what was asked for.

Nothing comes to its place here: that is done by the queue while it holds the row, with ``Made.publish``.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pokervod_pipelines.render.failures import BadInstruction, Passing, RenderFailure, SpoiledOutput
from pokervod_pipelines.render.outputs.digest import Measure
from pokervod_pipelines.render.outputs.paths import UNFINISHED, fill_path, make_target, place_output
from pokervod_pipelines.render.outputs.publish import discard, publish, withdraw
from pokervod_pipelines.render.outputs.verifier import Verifier
from pokervod_pipelines.render.outputs.wanted import Inspection, Wanted
from pokervod_pipelines.render.queue import Made
from pokervod_pipelines.render.queue_store import Claim, OutputFacts
from pokervod_pipelines.render.renderers.job import SUFFIXES, Picture, Renderer, RenderJob, check_layers
from pokervod_pipelines.render.renderers.local.renderer import LocalRenderer
from pokervod_pipelines.render.renderers.nexrender.orders import hash_content
from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer
from pokervod_pipelines.render.states import Held
from pokervod_pipelines.render.templates import Template, TemplateFiles
from pokervod_pipelines.render.worker.maker import RENDERED, Report
from pokervod_pipelines.render.worker.shelf import Look
from pokervod_pipelines.settings import Settings

TIDY_SECONDS = 20.0

_log = logging.getLogger(__name__)


class Studio:
    """Makes graphics below ``root`` with the renderers, as many at once as ``slots`` says of each.

    Before each it has a ``look`` at the templates; a graphic that is begun keeps the one that was found.
    """

    def __init__(
        self,
        *,
        root: Path,
        look: Look,
        renderers: Sequence[Renderer],
        slots: Mapping[str, int],
        verifier: Verifier,
        check_seconds: float,
    ) -> None:
        self.slots = slots
        self._root, self._look, self._verifier = root, look, verifier
        self._renderers = {renderer.name: renderer for renderer in renderers}
        self._check_seconds = check_seconds

    async def make(self, claim: Claim, report: Report) -> Made:
        """Return the graphic, made and found to be what was asked for; otherwise nothing of it is left."""
        template = find_template(await asyncio.to_thread(self._look), claim)
        picture = read_picture(claim)
        final = self._find_place(claim, picture)
        target = await asyncio.to_thread(make_target, self._root, claim.held.claim_id, picture.format)
        try:
            job = RenderJob(
                instruction_id=claim.held.id,
                claim_id=claim.held.claim_id,
                template=template,
                layers=check_layers(template, claim.layers),  # the template may be another than when it was asked for
                picture=picture,
                target=target,
            )
            inspection = await self._render(job, report)
            content_hash = await asyncio.to_thread(_hash_content, job)
        except BaseException:
            await asyncio.to_thread(_try_discard, target)
            raise
        return Made(
            held=claim.held,
            facts=_read_facts(inspection, final.relative_to(self._root), content_hash),
            publish=_publish_once(target, final),
            withdraw=lambda: _try_withdraw(target, final, inspection),
        )

    async def _render(self, job: RenderJob, report: Report) -> Inspection:
        renderer = job.template.renderer
        await self._renderers[renderer].render(job, lambda share: report(share * RENDERED))
        report(RENDERED)
        wanted = Wanted(template=job.template, layers=job.layers, picture=job.picture, renderer=renderer)
        inspection = await self._verifier.verify(job.target, wanted, seconds_limit=self._check_seconds)
        if not inspection.is_sound:
            raise SpoiledOutput("the file is not what was asked for: " + "; ".join(inspection.faults))
        return inspection

    def _find_place(self, claim: Claim, picture: Picture) -> Path:
        relative = fill_path(
            claim.output["path"],
            day=claim.day,
            template=claim.held.template,
            kind=claim.trigger_kind,
            key=claim.trigger_key,
            id=claim.held.id,
            version=claim.version,
        )
        return place_output(self._root, relative, picture.format)

    def discard(self, held: Held) -> None:
        """Nothing is left of what the claim made; its final place is not touched."""
        for suffix in set(SUFFIXES.values()):
            _try_discard(self._root / UNFINISHED / f"{held.claim_id}{suffix}")

    async def tidy(self) -> None:
        """What this house left at a render farm days ago is gone; a farm that does not answer is left alone."""
        for renderer in self._renderers.values():
            if isinstance(renderer, NexrenderRenderer):
                try:
                    await asyncio.wait_for(renderer.sweep(), TIDY_SECONDS)
                except (TimeoutError, RenderFailure, OSError) as error:
                    _log.warning("what may be left at nexrender is left for later: %s", error)

    async def close(self) -> None:
        """No child process and no connection is left."""
        await asyncio.gather(self._verifier.close(), *(renderer.close() for renderer in self._renderers.values()))


def open_studio(settings: Settings, look: Look, *, concurrency: int | None = None) -> Studio:
    """Return a studio of all renderers that the settings allow; at most ``concurrency`` local renders at once.

    The folder of the graphics is made where nobody chose one. To be called inside the event loop.
    """
    cores = os.cpu_count() or 1
    processes = min(concurrency or cores, cores)
    if settings.render.outputs is None:
        settings.renders.mkdir(parents=True, exist_ok=True)
    secret = settings.nexrender_secret.get_secret_value() if settings.nexrender_secret else None
    renderers: list[Renderer] = [LocalRenderer(settings.render.mov_codec, processes)]
    slots = {"local": processes}
    if settings.render.nexrender.url is not None:
        renderers.append(NexrenderRenderer(settings.render.nexrender, secret))
        slots["nexrender"] = settings.render.nexrender.jobs
    return Studio(
        root=settings.renders,
        look=look,
        renderers=renderers,
        slots=slots,
        verifier=Verifier(cores),
        check_seconds=settings.render.queue.timeout_minutes * 60,
    )


def find_template(files: TemplateFiles, claim: Claim) -> Template:
    """Return the template of what is claimed. Raises a failure of ``render.failures`` where it cannot be used.

    A broken file passes: it may be in the middle of being written, and a person is at it.
    """
    name = claim.held.template
    if name in files.faults:
        raise Passing(f"the template cannot be read; mend it, then retry: {files.faults[name]}")
    if name not in files.sound:
        raise BadInstruction(f"there is no template {name!r} any more; put its file back, then retry")
    template = files.sound[name]
    if template.renderer != claim.renderer:
        raise BadInstruction(
            f"template {name} is rendered by {template.renderer} now, this was asked of {claim.renderer}; "
            "cancel it and ask for the graphic again"
        )
    return template


def read_picture(claim: Claim) -> Picture:
    """Return how the instruction comes out. Raises ``BadInstruction`` where it does not say that, or where it goes."""
    fields = Picture.__dataclass_fields__
    if missing := [name for name in (*fields, "path") if name not in claim.output]:
        raise BadInstruction(f"the instruction does not say its {missing[0]}; ask for the graphic again")
    return Picture(**{name: claim.output[name] for name in fields})


def _hash_content(job: RenderJob) -> str | None:
    """Only of what cannot be drawn anew: its picture has to differ from those that show something else."""
    return hash_content(job.template, job.layers) if job.template.renderer == NexrenderRenderer.name else None


def _read_facts(found: Inspection, path: Path, content_hash: str | None) -> OutputFacts:
    return OutputFacts(
        path=path.as_posix(),
        sha256=found.sha256,
        size_bytes=found.size_bytes,
        mtime_ns=found.mtime_ns,
        frames=found.frames,
        width=found.width,
        height=found.height,
        fps=found.fps,
        seconds=found.duration,
        pixel_format=found.pixel_format,
        picture_hash=found.picture_hash or None,
        preview=found.preview,
        content_hash=content_hash,
    )


def _try_discard(path: Path) -> None:
    """What cannot be removed now is swept later."""
    try:
        discard(path)
    except OSError as error:
        _log.warning("%s: not removed: %s", path, error)


def _try_withdraw(target: Path, final: Path, inspection: Inspection) -> None:
    """What cannot be removed now is told by the audit of its day."""
    measure = Measure(size_bytes=inspection.size_bytes, mtime_ns=inspection.mtime_ns)
    try:
        withdraw(target, final, measure, inspection.sha256)
    except OSError as error:
        _log.warning("%s: does not count and is not removed: %s", final, error)


def _publish_once(target: Path, final: Path) -> Callable[[], None]:
    """Moves the file once, however often the transaction around it has to be repeated."""
    done: list[Path] = []

    def move() -> None:
        if not done:
            publish(target, final)
            done.append(final)

    return move
