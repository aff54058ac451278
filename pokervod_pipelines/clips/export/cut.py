"""A clip cut out of its video as a file of its own: exact to the frame, or fast at key frames.

How each way cuts is in ``reencode`` and ``copy_streams``; names for the files are made by ``file_names``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import av
from av.container import OutputContainer

from pokervod_pipelines.clips.export.copy_streams import copy_streams
from pokervod_pipelines.clips.export.footage import BadFootage, Footage, open_footage
from pokervod_pipelines.clips.export.frames import FrameRange, format_timecode
from pokervod_pipelines.clips.export.picture import NameTimecode, Progress
from pokervod_pipelines.clips.export.reencode import reencode
from pokervod_pipelines.clips.export.saving import replace_when_whole
from pokervod_pipelines.clips.export.timeline import ExportClip


class CutMode(StrEnum):
    """How a clip is cut."""

    EXACT = "exact"
    """Decoded and encoded anew: the frames asked for, no more and no fewer."""

    FAST = "fast"
    """Copied without loss from the key frame before: some frames more, in a fraction of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutReport:
    """What was cut; the ranges count from the video's first frame, ``asked`` has the handles in it."""

    path: Path
    mode: CutMode
    asked: FrameRange
    cut: FrameRange

    @property
    def is_exact(self) -> bool:
        """Whether the file has the frames that were asked for and no others."""
        return self.asked == self.cut


class _Cutter(Protocol):
    def __call__(
        self,
        footage: Footage,
        target: OutputContainer,
        frames: FrameRange,
        *,
        name_timecode: NameTimecode,
        progress: Progress | None,
    ) -> FrameRange: ...


CUTTERS: Mapping[CutMode, _Cutter] = {CutMode.EXACT: reencode, CutMode.FAST: copy_streams}


def find_cut_suffix(source: Path, mode: CutMode) -> str:
    """Return the suffix of the file to cut to: QuickTime for editors, or the source's own where streams are copied."""
    return ".mov" if mode is CutMode.EXACT else source.suffix


def cut_media(
    clip: ExportClip,
    source: Path,
    target: Path,
    *,
    mode: CutMode = CutMode.EXACT,
    before: int = 0,
    after: int = 0,
    progress: Progress | None = None,
) -> CutReport:
    """Write the clip from ``source``, the clip's video on this machine, to ``target`` and report what is in it.

    ``before`` and ``after`` are handles in frames, as far as the video has them. The target appears when it is whole,
    in the place of what may have been there, and carries the video's timecode of its first frame; it is MOV or MP4
    when cut exactly.

    Raises:
        BadFootage: the video is damaged, does not reach to the clip, or does not fit the target's container.
        FootageUnavailable: the video cannot be read or the target not be written at this time.
    """
    asked = clip.frames.widen(before, after, clip.duration_frames)

    def name_timecode(frame: int) -> str:
        return format_timecode(clip.start_timecode_frames + frame, clip.timebase)

    if target.exists() and target.samefile(source):
        message = f"the cut would replace its own video {source}; name another file or folder"
        raise BadFootage(message)
    with (
        open_footage(source, clip.rate) as footage,
        replace_when_whole(target) as unfinished,
        av.open(str(unfinished), "w") as container,
    ):
        cut = CUTTERS[mode](footage, container, asked, name_timecode=name_timecode, progress=progress)
    return CutReport(path=target, mode=mode, asked=asked, cut=cut)
