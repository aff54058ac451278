"""What the newest clips of a sheet look like, as Markdown that needs no other file."""

import base64
import logging
import re

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.media.store import list_newest_clips
from pokervod_pipelines.media.thumbnails import draw_places
from pokervod_pipelines.workflows.stages import SyncRun

logger = logging.getLogger(__name__)

PICTURES, WIDTH = 6, 160
"""A few kB each, since they are kept with every materialization."""

PASS_SECONDS = 4.0
MARKUP = re.compile(r"[\[\]\\<>`*_\s]+")


def show_pictures(run: SyncRun, sheet: str, *, pass_seconds: float = PASS_SECONDS) -> str:
    """The frames at which the sheet's newest usable clips begin; "" where none can be drawn in the time.

    That a picture cannot be drawn is logged and never raised: the clips stand without it.
    """
    if not run.settings.media.enabled:
        return ""
    with run.engine.connect() as connection:
        clips = list_newest_clips(connection, sheet, limit=PICTURES)
    try:
        places = [(clip.file_id, clip.in_ms) for clip in clips]
        drawn = draw_places(run.engine, run.settings, places, width=WIDTH, pass_seconds=pass_seconds)
        shown = [(clip.title, drawn[place]) for clip, place in zip(clips, places, strict=True) if place in drawn]
        return "\n".join(_embed(title, path.read_bytes()) for title, path in shown)
    except (PokervodError, OSError) as error:
        logger.warning("no pictures of the clips of %s: %s", sheet, error)
        return ""


def _embed(title: str, jpeg: bytes) -> str:
    return f"![{MARKUP.sub(' ', title).strip()}](data:image/jpeg;base64,{base64.b64encode(jpeg).decode()})"
