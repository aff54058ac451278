"""Choose the track of a video file that a player shows, and turn its frames upright."""

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
