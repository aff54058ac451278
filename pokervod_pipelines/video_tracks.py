"""Choose the track of a video file that a player shows."""

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream


def choose_video(container: InputContainer) -> VideoStream | None:
    """Return the track marked as default, else the first; cover pictures do not count."""
    tracks = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    default = (each for each in tracks if each.disposition & Disposition.default)
    return next(default, tracks[0] if tracks else None)
