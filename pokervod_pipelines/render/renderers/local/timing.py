"""When a graphic comes, stands and goes, in frames. Pure."""

from pokervod_pipelines.render.renderers.job import Picture

ENTER_SECONDS = 0.6
LEAVE_SECONDS = 0.4


def hold_frames(picture: Picture) -> range:
    """Return the frames in which the graphic stands whole and still; never empty, at any length.

    >>> hold_frames(Picture(format="mp4", width=1920, height=1080, fps=30, seconds=8))
    range(18, 228)
    """
    most = (picture.frames - 1) // 2
    entering = min(round(ENTER_SECONDS * picture.fps), most)
    leaving = min(round(LEAVE_SECONDS * picture.fps), most)
    return range(entering, picture.frames - leaving)


def presence_at(picture: Picture, frame_index: int) -> tuple[float, bool]:
    """Return how much of the graphic is there, above 0 to 1, and whether it is on its way out."""
    hold = hold_frames(picture)
    if frame_index < hold.start:
        return (frame_index + 1) / (hold.start + 1), False
    if frame_index >= hold.stop:
        return (picture.frames - frame_index) / (picture.frames - hold.stop + 1), True
    return 1.0, False
