"""Cut fast: copy packets as they are, from a key frame on, so the cut may end a few frames late.

A decoder needs a key frame to start, and frames are stored in another order than they are shown in. The returned range
says which frames the file has; it covers the requested range, as far as the video has it.
"""

from collections.abc import Iterator
from itertools import chain
from typing import cast

import av
from av.container import OutputContainer
from av.stream import Stream

from pokervod_pipelines.clips.export.frames import FrameRange
from pokervod_pipelines.clips.export.source_video import (
    LATE_SECONDS,
    BadSourceVideo,
    MissingFrame,
    Packet,
    SourceVideo,
    find_packet_time,
    keep_language,
)
from pokervod_pipelines.clips.export.trim import FormatTimecode, Progress


def copy_streams(
    source: SourceVideo,
    target: OutputContainer,
    frames: FrameRange,
    *,
    format_frame: FormatTimecode,
    progress: Progress | None,
) -> FrameRange:
    """Write the packets from the last key frame before the range on; return which frames they are.

    Raises:
        MissingFrame: the video ends before the range.
        BadSourceVideo: no key frame precedes the range, or the container does not take the streams.
    """
    key, packets = _find_start(source, frames.first)
    selection = _PacketSelection(source, key, frames)
    streams = {each.index: _add_copy(each, target) for each in (source.video, *source.sounds)}
    picture = cast("av.VideoStream", streams[source.video.index])
    picture.codec_context.framerate = source.rate  # the timecode track counts by it, and it is not in the template
    picture.metadata["timecode"] = format_frame(selection.first)
    for packet in selection.select(packets):
        shift = round(selection.start / packet.time_base)
        shown = cast("int", packet.pts)
        packet.pts, packet.dts = shown - shift, (shown if packet.dts is None else packet.dts) - shift
        packet.stream = streams[packet.stream.index]
        target.mux(packet)
        if progress is not None and selection.last >= frames.first:
            progress(min(selection.last - frames.first + 1, frames.count), frames.count)
    if selection.last < frames.first:
        raise MissingFrame(source, frames.first)
    return FrameRange(selection.first, selection.last + 1)


def _add_copy(stream: Stream, target: OutputContainer) -> Stream:
    try:
        copy = target.add_stream_from_template(stream, opaque=True)
    except ValueError as error:
        message = f"a {target.format.name} file does not take this {stream.type}; use --mode exact"
        raise BadSourceVideo(message) from error
    keep_language(stream, copy)
    return copy


class _PacketSelection:
    """Select the packets of the cut, and count their frames."""

    def __init__(self, source: SourceVideo, key: Packet, frames: FrameRange) -> None:
        self.start = find_packet_time(key)
        self.first = self.last = source.number_frame(cast("int", key.pts))
        self._footage = source
        self._frames = frames
        self._pictures = 0
        self._is_complete = False

    def select(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        """Yield the packets to write, without those shown before the key frame, which lack their references."""
        end = self._footage.find_time(self._frames.end)
        for packet in packets:
            time = find_packet_time(packet)
            if self._is_complete and time > end + LATE_SECONDS:
                return
            if packet.stream.index != self._footage.video.index:
                if self.start <= time < end:
                    yield packet
            elif not self._is_complete and time >= self.start:
                self._is_complete = packet.is_keyframe and time >= end
                if not self._is_complete:
                    self._count(packet)
                    yield packet

    def _count(self, packet: Packet) -> None:
        """Count a picture; the cut is complete when no frame up to its last is missing, or at a later key frame."""
        self._pictures += 1
        self.last = max(self.last, self._footage.number_frame(cast("int", packet.pts)))
        self._is_complete = self.last >= self._frames.last and self._pictures > self.last - self.first


def _find_start(source: SourceVideo, first: int) -> tuple[Packet, Iterator[Packet]]:
    """Return the last key frame at or before the frame, and all packets from it on."""
    source.rewind(first)
    packets = _read_packets(source)
    pictures: list[Packet] = []
    sounds: list[Packet] = []
    for packet in packets:
        if packet.stream.index != source.video.index:
            sounds.append(packet)
            continue
        if packet.is_keyframe and (not pictures or source.number_frame(cast("int", packet.pts)) <= first):
            pictures = []
        if pictures or packet.is_keyframe:
            pictures.append(packet)
        if packet.dts is not None and source.number_frame(packet.dts) > first:
            break
    if not pictures:
        name = source.container.name
        raise BadSourceVideo(f"{name} has no key frame near frame {first}; use --mode exact or correct the timecode")
    _fill_decoding_times(pictures, source)
    return pictures[0], chain(pictures, sounds, packets)


def _read_packets(source: SourceVideo) -> Iterator[Packet]:
    for packet in source.container.demux(source.video, *source.sounds):
        if packet.pts is not None:
            yield packet
        elif packet.size:
            raise BadSourceVideo(f"{source.container.name} has frames without timestamps; use --mode exact")


def _fill_decoding_times(pictures: list[Packet], source: SourceVideo) -> None:
    """Fill in decoding times: Matroska stores none, so after a seek the first packets lack them."""
    step = round(1 / source.rate / pictures[0].time_base)
    later = pictures[-1]
    for packet in reversed(pictures):
        if packet.dts is None:
            packet.dts = packet.pts if later.dts is None else later.dts - step
        later = packet
