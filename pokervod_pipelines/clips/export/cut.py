"""Cut a clip out of its video into a file: exact to the frame, or fast at key frames."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Protocol

import av
from av.container import OutputContainer

from pokervod_pipelines.clips.export.copy_streams import copy_streams
from pokervod_pipelines.clips.export.frames import FrameRange, format_timecode
from pokervod_pipelines.clips.export.output_files import replace_when_whole
from pokervod_pipelines.clips.export.reencode import reencode
from pokervod_pipelines.clips.export.source_video import BadSourceVideo, SourceVideo, open_source_video
from pokervod_pipelines.clips.export.timeline import ExportClip
from pokervod_pipelines.clips.export.trim import FormatTimecode, Progress
from pokervod_pipelines.processes.share_reader import Report, access_path


class CutMode(StrEnum):
    """Choose how a clip is cut."""

    EXACT = "exact"
    """Decoded and encoded again: exactly the requested frames."""

    FAST = "fast"
    """Copied without loss from the key frame before: some more frames, in a fraction of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutReport:
    """Report a cut; the ranges count from the video's first frame, ``requested`` includes the handles."""

    path: Path
    mode: CutMode
    requested: FrameRange
    cut: FrameRange

    @property
    def is_exact(self) -> bool:
        """Return whether the file has exactly the requested frames."""
        return self.requested == self.cut


CUT_SECONDS = 120.0
"""A share has so long for the next frame: in a long clip without key frames many are decoded before the first."""


class _Cutter(Protocol):
    def __call__(
        self,
        source: SourceVideo,
        target: OutputContainer,
        frames: FrameRange,
        *,
        format_frame: FormatTimecode,
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
    """Write the clip from ``source``, the clip's video on this machine, to ``target``; report its frames.

    ``before`` and ``after`` are handles in frames, as far as the video has them. The target appears when it is
    complete, replaces an older file, and has the video's timecode of its first frame; it is MOV or MP4 when cut
    exactly.

    Raises:
        BadSourceVideo: the video is damaged, ends before the clip, or does not fit the target's container.
        SourceVideoUnavailable: the video cannot be read, or the target cannot be written, at this time.
        ArchiveUnavailable: the share of the video does not answer.
    """
    requested = clip.frames.widen(before, after, clip.duration_frames)
    tell = progress or (lambda _done, _total: None)
    with replace_when_whole(target) as unfinished:
        paths = unfinished.absolute(), target.absolute()
        call = partial(_cut, clip=clip, paths=paths, mode=mode, frames=requested)
        cut = access_path(source, call, CUT_SECONDS, lambda counts: tell(*counts))
    return CutReport(path=target, mode=mode, requested=requested, cut=cut)


def _cut(
    source: Path, report: Report, *, clip: ExportClip, paths: tuple[Path, Path], mode: CutMode, frames: FrameRange
) -> FrameRange:
    target, replaced = paths
    if _is_same_file(source, replaced):
        raise BadSourceVideo(f"the cut would replace its own video {source}; choose another folder")

    def format_frame(frame: int) -> str:
        return format_timecode(clip.start_timecode_frames + frame, clip.timebase)

    def progress(done: int, total: int) -> None:
        report((done, total))

    with open_source_video(source, clip.rate) as opened, av.open(str(target), "w") as container:
        return CUTTERS[mode](opened, container, frames, format_frame=format_frame, progress=progress)


def _is_same_file(one: Path, other: Path) -> bool:
    with suppress(OSError):  # of one that does not exist
        return one.samefile(other)
    return False
