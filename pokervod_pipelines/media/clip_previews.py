"""Show the newest clips of a sheet as Markdown with embedded thumbnails, each with what it shows."""

import logging

from sqlalchemy import Engine

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.media.store import list_newest_clips
from pokervod_pipelines.media.thumbnails import draw_thumbnails
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.markdown import embed_image

logger = logging.getLogger(__name__)

PREVIEWS, WIDTH = 6, 160
"""A few kB each, since they are kept with every materialization."""

PASS_SECONDS = 4.0


def embed_clip_previews(engine: Engine, settings: Settings, sheet: str, *, pass_seconds: float = PASS_SECONDS) -> str:
    """Return the first frames of the sheet's newest usable clips; "" where none can be drawn in the time.

    A failure is logged and never raised: the clips are complete without it.
    """
    if not settings.media.enabled:
        return ""
    with engine.connect() as connection:
        clips = list_newest_clips(connection, sheet, limit=PREVIEWS)
    try:
        frames = [(clip.file_id, clip.in_ms) for clip in clips]
        drawn = draw_thumbnails(engine, settings, frames, width=WIDTH, pass_seconds=pass_seconds)
        shown = [(clip, drawn[frame]) for clip, frame in zip(clips, frames, strict=True) if frame in drawn]
        return "\n\n".join(
            embed_image(path.read_bytes(), clip.programme, clip.times, clip.hands) for clip, path in shown
        )
    except (PokervodError, OSError) as error:
        logger.warning("no previews of the clips of sheet %s: %s", sheet, error)
        return ""
