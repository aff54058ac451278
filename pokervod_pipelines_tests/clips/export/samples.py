"""Make clips to export, with usual facts, and list the timebases that everything is tested at."""

from fractions import Fraction
from itertools import count
from typing import Any

import pytest

from pokervod_pipelines.clips.export.frames import RATES, FrameRange, Timebase
from pokervod_pipelines.clips.export.timeline import ExportClip

TIMEBASES = (
    *map(Timebase, RATES),
    Timebase(Fraction(30_000, 1001), drop_frame=True),
    Timebase(Fraction(60_000, 1001), drop_frame=True),
)
at_every_timebase = pytest.mark.parametrize("base", TIMEBASES, ids=str)

NUMBERS = count(1)


def find_ms(frames: FrameRange, rate: Fraction) -> tuple[int, int]:
    """Return the in and out in milliseconds within the frames, so that ``find_frames`` gives the same frames back."""
    return -(-frames.first * 1000 // rate), frames.end * 1000 // rate


def make_clip(**facts: Any) -> ExportClip:
    """Return a clip; ``frames`` may stand for its in and out, ``base`` for its rate and way of counting."""
    base = facts.pop("base", TIMEBASES[3])
    frames = facts.pop("frames", FrameRange(300, 420))
    in_ms, out_ms = find_ms(frames, base.rate)
    usual = {
        "id": next(NUMBERS),
        "title": "Quads over quads",
        "path": "/archive/WSOP/2025 Main Event.mp4",
        "in_ms": in_ms,
        "out_ms": out_ms,
        "rate": base.rate,
        "drop_frame": base.drop_frame,
    }
    return ExportClip(**usual | facts)


def make_reel_of_clips(base: Timebase) -> list[ExportClip]:
    """Return clips that are hard to count: across a full minute, one frame long, far into a long video, two videos."""
    far, start = FrameRange(1_234_567, 1_240_001), 107_892
    minute = 60 * base.nominal
    spans = (FrameRange(0, 1), FrameRange(minute - 3, minute + 5), far, FrameRange(17_981, 17_983))
    facts = {"base": base, "start_timecode_frames": start, "duration_frames": 2_000_000, "width": 1920, "height": 1080}
    paths = ("/archive/한국  2025/E11_GOG_찐최종.mp4", r"\\nas\archive\WSOP #1 – Day 2.mxf")
    return [make_clip(frames=span, path=paths[n % 2], title=f"Hand {n}", **facts) for n, span in enumerate(spans)]
