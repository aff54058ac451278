"""Render jobs with ``local``: each is drawn in a child process, as many side by side as the settings allow."""

from functools import partial

from pokervod_pipelines.processes.failures import ChildClosed, ChildDied, ChildFailure
from pokervod_pipelines.processes.pool import ChildPool
from pokervod_pipelines.processes.supervised import ChildProgram
from pokervod_pipelines.render.failures import TransientFailure
from pokervod_pipelines.render.renderers.job import RenderJob, ReportProgress
from pokervod_pipelines.render.renderers.local import check
from pokervod_pipelines.render.renderers.local.child import draw_output
from pokervod_pipelines.render.renderers.local.encode import MovCodec
from pokervod_pipelines.render.templates import Template

PROGRAM = ChildProgram(
    name="local renderer",
    memory_bytes=6 << 30,  # the largest image, 7680 × 4320, takes less
    modules=("pokervod_pipelines.render.renderers.local.child",),
)


class LocalRenderer:
    """Draw in at most ``processes`` children, started when they are needed and kept for the next job."""

    name = "local"

    def __init__(self, mov_codec: MovCodec, processes: int) -> None:
        self._mov_codec: MovCodec = mov_codec
        self._pool = ChildPool(PROGRAM, processes)

    async def render(self, job: RenderJob, report: ReportProgress) -> None:
        """Write the target whole. Raises a failure of ``render.failures``, or an ``OSError`` with its number.

        Cancelled, it kills the child; the caller deletes what is left at the target.
        """
        call = partial(draw_output, job.template, dict(job.layers), job.spec, job.target, self._mov_codec)
        try:
            await self._pool.ask(call, report=report)
        except ChildClosed:
            raise TransientFailure("not rendered: the local renderer was closed") from None
        except ChildDied as error:
            raise TransientFailure(
                f"the local renderer died while it drew ({error}). The job is retried; "
                "if SIGKILL recurs, give the machine more memory or run fewer renders at once."
            ) from None
        except ChildFailure as error:
            raise TransientFailure(str(error)) from None

    def find_faults(self, template: Template) -> list[str]:
        """Return what is wrong with the template: composition, layers, size, letters, fonts."""
        return check.find_faults(template)

    async def close(self) -> None:
        """Kill every child; renders in progress fail."""
        await self._pool.close()
