"""The fast cut: packets copied as they are, so it begins at a key frame and may end a few frames late.

A decoder needs a key frame to begin with, and frames are stored in another order than they are shown in. What comes
out is declared by the range that is returned; it covers the range that was asked for, as far as the video has it.
"""

from collections.abc import Iterator
from itertools import chain
from typing import cast

import av
from av.container import OutputContainer
from av.stream import Stream

from pokervod_pipelines.clips.export.footage import (
    LATE_SECONDS,
    BadFootage,
    Footage,
    MissingFrame,
    Packet,
    find_packet_time,
    keep_language,
)
from pokervod_pipelines.clips.export.frames import FrameRange
from pokervod_pipelines.clips.export.picture import NameTimecode, Progress


def copy_streams(
    footage: Footage,
    target: OutputContainer,
    frames: FrameRange,
    *,
    name_timecode: NameTimecode,
    progress: Progress | None,
) -> FrameRange:
    """Write the packets from the last key frame before the range on; return which frames they are.

    Raises:
        MissingFrame: the video ends before the range.
        BadFootage: there is no key frame to begin with, or the container cannot hold the streams.
    """
    key, packets = _find_run(footage, frames.first)
    run = _Run(footage, key, frames)
    streams = {each.index: _add_copy(each, target) for each in (footage.video, *footage.sounds)}
    picture = cast("av.VideoStream", streams[footage.video.index])
    picture.codec_context.framerate = footage.rate  # the timecode track counts by it, and it is not in the template
    picture.metadata["timecode"] = name_timecode(run.first)
    for packet in run.choose(packets):
        shift = round(run.start / packet.time_base)
        shown = cast("int", packet.pts)
        packet.pts, packet.dts = shown - shift, (shown if packet.dts is None else packet.dts) - shift
        packet.stream = streams[packet.stream.index]
        target.mux(packet)
        if progress is not None and run.last >= frames.first:
            progress(min(run.last - frames.first + 1, frames.count), frames.count)
    if run.last < frames.first:
        raise MissingFrame(footage, frames.first)
    return FrameRange(run.first, run.last + 1)


def _add_copy(stream: Stream, target: OutputContainer) -> Stream:
    try:
        copy = target.add_stream_from_template(stream, opaque=True)
    except ValueError as error:
        message = f"a {target.format.name} file cannot hold this {stream.type}; cut it exactly"
        raise BadFootage(message) from error
    keep_language(stream, copy)
    return copy


class _Run:
    """Which packets belong to the cut, and which frames they came to."""

    def __init__(self, footage: Footage, key: Packet, frames: FrameRange) -> None:
        self.start = find_packet_time(key)
        self.first = self.last = footage.number_frame(cast("int", key.pts))
        self._footage = footage
        self._frames = frames
        self._pictures = 0
        self._is_complete = False

    def choose(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        """Yield the packets to write; what is stored with the key frame but shown before it lacks its references."""
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
        """The cut is complete when no frame is missing up to its last; a later key frame ends one with holes."""
        self._pictures += 1
        self.last = max(self.last, self._footage.number_frame(cast("int", packet.pts)))
        self._is_complete = self.last >= self._frames.last and self._pictures > self.last - self.first


def _find_run(footage: Footage, first: int) -> tuple[Packet, Iterator[Packet]]:
    """Return the last key frame at or before the frame, and all packets from it on."""
    footage.rewind(first)
    packets = _read_packets(footage)
    pictures: list[Packet] = []
    sounds: list[Packet] = []
    for packet in packets:
        if packet.stream.index != footage.video.index:
            sounds.append(packet)
            continue
        if packet.is_keyframe and (not pictures or footage.number_frame(cast("int", packet.pts)) <= first):
            pictures = []
        if pictures or packet.is_keyframe:
            pictures.append(packet)
        if packet.dts is not None and footage.number_frame(packet.dts) > first:
            break
    if not pictures:
        message = f"{footage.container.name} has no key frame near frame {first}; cut it exactly, or mend the timecode"
        raise BadFootage(message)
    _fill_decoding_times(pictures, footage)
    return pictures[0], chain(pictures, sounds, packets)


def _read_packets(footage: Footage) -> Iterator[Packet]:
    for packet in footage.container.demux(footage.video, *footage.sounds):
        if packet.pts is not None:
            yield packet
        elif packet.size:
            message = f"{footage.container.name} does not tell when its frames are shown; cut it exactly"
            raise BadFootage(message)


def _fill_decoding_times(pictures: list[Packet], footage: Footage) -> None:
    """Matroska stores no decoding times, so after a seek the reader knows none until frames were reordered."""
    step = round(1 / footage.rate / pictures[0].time_base)
    later = pictures[-1]
    for packet in reversed(pictures):
        if packet.dts is None:
            packet.dts = packet.pts if later.dts is None else later.dts - step
        later = packet
