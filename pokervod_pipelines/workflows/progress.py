"""Tell other processes how far a stage has come, by the shared context of its request, while it runs."""

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.workflows.context import PROGRESS, SharedContext
from pokervod_pipelines.workflows.failures import name_failure
from pokervod_pipelines.workflows.stages import Progress, SyncRun

SHARE_SECONDS = 1.0
"""Progress is stored this often at most; a shorter stage stores none."""

_log = logging.getLogger(__name__)


def share_progress(
    run: SyncRun,
    stage: str,
    name: str,
    also: Progress | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Progress:
    """Return a function that takes how many entries the stage has done, for it to call as often as it likes.

    ``also`` is called each time. Progress that cannot be stored is lost, and does not disturb the stage.
    """
    context = SharedContext(run.engine, run.settings.workflows, run.correlation_id, f"{stage} {name}")
    stored = clock()

    def share(done: int) -> None:
        nonlocal stored
        if also is not None:
            also(done)
        if clock() - stored < SHARE_SECONDS:
            return
        try:
            context.set(f"{PROGRESS}{stage}/{name}", {"done": done})
        except (DBAPIError, PokervodError) as error:
            _log.warning("progress of %s %s is not stored: %s", stage, name, name_failure(error, run.settings))
        stored = clock()

    return share
