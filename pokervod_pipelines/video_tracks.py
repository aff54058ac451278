"""Choose the track of a video file that a player shows, find when it starts, and turn its frames upright."""

from fractions import Fraction
from typing import cast

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream


def choose_video(container: InputContainer) -> VideoStream | None:
    """Return the track marked as default, else the first; cover pictures do not count."""
    tracks = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    default = (each for each in tracks if each.disposition & Disposition.default)
    return next(default, tracks[0] if tracks else None)


MIN_DELAY = Fraction(1, 4)
"""Seconds; a shorter delay is that of encoders, and editing programs begin to count at the picture."""


def find_delay(container: InputContainer, video: VideoStream) -> Fraction:
    """Return how many seconds of sound alone a player shows, and counts, before the picture starts."""
    if video.start_time is None or video.time_base is None or container.start_time is None:
        return Fraction(0)
    delay = video.start_time * video.time_base - max(Fraction(container.start_time, av.time_base), Fraction(0))
    return delay if delay >= MIN_DELAY else Fraction(0)


class UprightFilter:
    """Turn frames that were recorded sideways or upside down, as their file says; others pass as they are."""

    def __init__(self) -> None:
        self._graph: av.filter.Graph | None = None

    def turn(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame as it is to be shown."""
        steps = TURNS.get(find_turn(frame))
        if steps is None:
            return frame
        if self._graph is None:
            self._graph = _make_graph(frame, steps)
        self._graph.push(frame)
        return cast("av.VideoFrame", self._graph.pull())


TURNS = {90: (("transpose", "cclock"),), 180: (("hflip", None), ("vflip", None)), 270: (("transpose", "clock"),)}
"""Filters by the turn against the clock."""


def find_turn(frame: av.VideoFrame) -> int:
    """Return by how many degrees against the clock the frame has to be turned."""
    return round(frame.rotation) % 360


def _make_graph(frame: av.VideoFrame, steps: tuple[tuple[str, str | None], ...]) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    filters = [graph.add(name, argument) for name, argument in steps]
    graph.link_nodes(source, *filters, graph.add("buffersink")).configure()
    return graph
