"""Check that cut media has the reported frames, by the numbers burnt into them, not by timestamps."""

import shutil
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pokervod_pipelines.clips.export.cut import CutMode, cut_media, find_cut_suffix
from pokervod_pipelines.clips.export.frames import FrameRange, Timebase, format_timecode
from pokervod_pipelines.clips.export.source_video import BadSourceVideo, SourceVideoUnavailable
from pokervod_pipelines.clips.export.timeline import ExportClip
from pokervod_pipelines_tests.clips.export.burnt import (
    AUDIO_RATE,
    SAMPLES_A_STEP,
    Shape,
    burn_video,
    find_click,
    read_numbers,
    read_steps,
)
from pokervod_pipelines_tests.clips.export.samples import at_every_timebase, find_ms

NTSC = Fraction(30_000, 1001)
FRAMES = FrameRange(61, 97)
BOTH_MODES = pytest.mark.parametrize("mode", CutMode)

ARCHIVE_SHAPES = {
    "mov h264": Shape(),
    "mp4 h264": Shape(suffix=".mp4"),
    "mp4 hevc": Shape(suffix=".mp4", codec="libx265", options={"x265-params": "log-level=none"}),
    "mkv h264": Shape(suffix=".mkv", rate=Fraction(24_000, 1001)),  # times in milliseconds, no decoding times
    "webm vp9": Shape(suffix=".webm", codec="libvpx-vp9", b_frames=0),
    "ts h264": Shape(suffix=".ts", rate=Fraction(50)),  # starts at 1.4 s
    "mxf mpeg2": Shape(suffix=".mxf", codec="mpeg2video", rate=Fraction(25), b_frames=2, key_every=12),
    "avi mpeg4": Shape(suffix=".avi", codec="mpeg4", rate=Fraction(25), b_frames=2),  # no times at all
    "mov prores": Shape(codec="prores_ks", b_frames=0, pixels="yuv422p10le"),  # key frames only
    "mp4 open gop": Shape(suffix=".mp4", options={"x264-params": "open-gop=1"}),
    "mp4 one key frame": Shape(suffix=".mp4", key_every=500, options={"sc_threshold": "0"}),
}
each_shape = pytest.mark.parametrize("shape", ARCHIVE_SHAPES.values(), ids=ARCHIVE_SHAPES.keys())


def make_clip(source: Path, frames: FrameRange, base: Timebase, length: int = 150, start: int = 0) -> ExportClip:
    in_ms, out_ms = find_ms(frames, base.rate)
    return ExportClip(
        id=1,
        title="Quads over quads",
        path=str(source),
        in_ms=in_ms,
        out_ms=out_ms,
        rate=base.rate,
        drop_frame=base.drop_frame,
        duration_frames=length,
        start_timecode_frames=start,
    )


def clip_of(source: Path, shape: Shape, frames: FrameRange = FRAMES) -> ExportClip:
    return make_clip(source, frames, Timebase(shape.rate), shape.frames)


@pytest.fixture(scope="module")
def burnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a long-GOP video with B frames and numbered sound."""
    return burn_video(tmp_path_factory.mktemp("burnt") / "source.mov", Shape(has_audio=True))


@at_every_timebase
def test_an_exact_cut_has_the_frames_asked_for_at_every_rate(base: Timebase, tmp_path: Path) -> None:
    source = burn_video(tmp_path / "source.mp4", Shape(rate=base.rate, suffix=".mp4"))

    report = cut_media(make_clip(source, FRAMES, base), source, tmp_path / "cut.mov")

    numbers = read_numbers(tmp_path / "cut.mov")
    assert (numbers[0], numbers[-1]) == (FRAMES.first, FRAMES.last)
    assert numbers == list(range(FRAMES.first, FRAMES.end))
    assert report.is_exact
    with av.open(str(tmp_path / "cut.mov")) as cut:
        assert cut.streams.video[0].average_rate == base.rate


@each_shape
def test_an_exact_cut_is_exact_in_every_kind_of_file_of_the_archive(shape: Shape, tmp_path: Path) -> None:
    source = burn_video(tmp_path / f"source{shape.suffix}", shape)

    report = cut_media(clip_of(source, shape), source, tmp_path / "cut.mov")

    assert read_numbers(report.path) == list(range(FRAMES.first, FRAMES.end))


@each_shape
def test_a_fast_cut_covers_the_clip_and_declares_what_it_has_more(shape: Shape, tmp_path: Path) -> None:
    source = burn_video(tmp_path / f"source{shape.suffix}", shape)

    report = cut_media(clip_of(source, shape), source, tmp_path / f"cut{shape.suffix}", mode=CutMode.FAST)

    assert read_numbers(report.path) == list(range(report.cut.first, report.cut.end))
    assert report.cut.first <= FRAMES.first
    assert FRAMES.end <= report.cut.end <= FRAMES.end + 8
    assert report.requested == FRAMES


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_interlaced_video_stays_interlaced_with_the_same_field_first(first: str, tmp_path: Path) -> None:
    shape = Shape(rate=Fraction(25), options={"x264-params": f"{first}=1"})
    source = burn_video(tmp_path / "source.mov", shape)

    cut_media(clip_of(source, shape), source, tmp_path / "cut.mov")

    assert read_numbers(tmp_path / "cut.mov") == list(range(FRAMES.first, FRAMES.end))
    assert _read_field_order(tmp_path / "cut.mov") == _read_field_order(source) == {"tff": 2, "bff": 3}[first]


def test_a_video_on_a_share_is_cut_in_a_child_process(
    burnt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    seen: list[tuple[int, int]] = []

    report = cut_media(
        clip_of(burnt, Shape()), burnt, tmp_path / "cut.mov", progress=lambda *counts: seen.append(counts)
    )

    assert read_numbers(report.path) == [*range(FRAMES.first, FRAMES.end)]
    assert seen[-1] == (FRAMES.count, FRAMES.count)
    assert [each.name for each in tmp_path.iterdir()] == ["cut.mov"]


@pytest.mark.parametrize("target", ["source.mov", "link.mov", "hard.mov"])
def test_a_video_is_compared_with_its_target_in_the_child_process(
    burnt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    monkeypatch.setattr(Path, "samefile", None)
    source = tmp_path / "source.mov"
    shutil.copy(burnt, source)
    (tmp_path / "link.mov").symlink_to(source)
    (tmp_path / "hard.mov").hardlink_to(source)

    with pytest.raises(BadSourceVideo, match="would replace its own video"):
        cut_media(clip_of(source, Shape()), source, tmp_path / target)

    assert source.read_bytes() == burnt.read_bytes()
    assert len([*tmp_path.iterdir()]) == 3


def _read_field_order(path: Path) -> int:
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.field_order


def test_a_fast_cut_copies_packets_without_encoding(burnt: Path, tmp_path: Path) -> None:
    cut_media(clip_of(burnt, Shape()), burnt, tmp_path / "cut.mov", mode=CutMode.FAST)

    packets = [_read_packets(path) for path in (burnt, tmp_path / "cut.mov")]
    assert packets[1] <= packets[0]


def _read_packets(path: Path) -> set[bytes]:
    with av.open(str(path)) as container:
        return {bytes(packet) for packet in container.demux(video=0) if packet.size}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 149), st.integers(1, 150), st.integers(0, 40), st.integers(0, 40), st.sampled_from(CutMode))
def test_any_clip_with_any_handles_is_whole(
    burnt: Path, tmp_path: Path, first: int, count: int, before: int, after: int, mode: CutMode
) -> None:
    frames = FrameRange(first, min(first + count, 150))

    report = cut_media(
        clip_of(burnt, Shape(), frames), burnt, tmp_path / "cut.mov", mode=mode, before=before, after=after
    )

    asked = FrameRange(max(frames.first - before, 0), min(frames.end + after, 150))
    assert report.requested == asked
    assert read_numbers(report.path) == list(range(report.cut.first, report.cut.end))
    assert report.is_exact or mode is CutMode.FAST
    assert report.cut.first <= asked.first < asked.end <= report.cut.end


@pytest.mark.parametrize("frames", [FRAMES, FrameRange(0, 10), FrameRange(140, 150)], ids=["middle", "start", "end"])
def test_an_exact_cut_has_its_sound_to_the_sample(burnt: Path, tmp_path: Path, frames: FrameRange) -> None:
    cut_media(clip_of(burnt, Shape(), frames), burnt, tmp_path / "cut.mov")

    begin, end = (round(frame / NTSC * AUDIO_RATE) for frame in (frames.first, frames.end))
    np.testing.assert_array_equal(read_steps(tmp_path / "cut.mov"), np.arange(begin, end) // SAMPLES_A_STEP)


@BOTH_MODES
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts"])
def test_compressed_sound_stays_with_its_picture(tmp_path: Path, suffix: str, mode: CutMode) -> None:
    shape = Shape(suffix=suffix, has_audio=True, sound_codec="aac", click_at=2.5)
    source = burn_video(tmp_path / f"source{suffix}", shape)

    report = cut_media(clip_of(source, shape), source, tmp_path / f"cut{suffix}", mode=mode)

    moved = find_click(source) - find_click(report.path)
    assert moved == pytest.approx(float(report.cut.first / NTSC), abs=0.002)


@BOTH_MODES
def test_every_audio_track_is_cut_and_keeps_its_language(tmp_path: Path, mode: CutMode) -> None:
    shape = Shape(has_audio=True, languages=("eng", "kor", "eng"), sound_codec="pcm_s24le", click_at=2.5)
    source = burn_video(tmp_path / "source.mov", shape)

    cut_media(clip_of(source, shape), source, tmp_path / "cut.mov", mode=mode)

    with av.open(str(tmp_path / "cut.mov")) as cut:
        assert [sound.metadata["language"] for sound in cut.streams.audio] == ["eng", "kor", "eng"]
        assert {sound.codec_context.name for sound in cut.streams.audio} == {"pcm_s24le"}


@BOTH_MODES
@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
@pytest.mark.parametrize("hole", [{70, 71, 75}, {96}, {60, 61, 62}], ids=["inside", "at the end", "at the start"])
def test_frames_that_the_source_lacks_shift_no_other(
    hole: set[int], suffix: str, mode: CutMode, tmp_path: Path
) -> None:
    shape = Shape(suffix=suffix, left_out=frozenset(hole))
    source = burn_video(tmp_path / f"source{suffix}", shape)

    report = cut_media(clip_of(source, shape), source, tmp_path / f"cut{suffix}", mode=mode)

    numbers = read_numbers(report.path)
    assert numbers == [number for number in range(report.cut.first, report.cut.end) if number not in hole]
    assert {number for number in range(FRAMES.first, FRAMES.end) if number not in hole} <= set(numbers)


def test_sound_that_begins_late_is_silent_before_and_sound_that_ends_early_ends(tmp_path: Path) -> None:
    shape = Shape(has_audio=True, sound_seconds=2.5)
    source = burn_video(tmp_path / "source.mov", shape)
    late = burn_late_sound(source, tmp_path / "late.mov")

    cut_media(clip_of(late, shape), late, tmp_path / "cut.mov")
    steps = read_steps(tmp_path / "cut.mov")

    assert not steps[: AUDIO_RATE // 4].any()
    assert steps[-1]
    assert len(steps) < round(FRAMES.count / NTSC * AUDIO_RATE)
    assert read_numbers(tmp_path / "cut.mov") == list(range(FRAMES.first, FRAMES.end))


def burn_late_sound(source: Path, target: Path) -> Path:
    """Copy the video with its sound of 2.35 to 2.5 s only, so that it begins within the clip and ends within it."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        streams = {
            stream.index: new.add_stream_from_template(stream) for stream in old.streams if stream.type != "data"
        }
        for packet in old.demux():
            is_early = packet.stream.type == "audio" and float((packet.pts or 0) * packet.time_base) < 2.35
            if packet.dts is not None and not is_early:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    return target


@BOTH_MODES
@at_every_timebase
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])  # the second does not tell its rate in the stream
def test_a_cut_carries_the_timecode_of_its_first_frame(
    mode: CutMode, base: Timebase, codec: str, tmp_path: Path
) -> None:
    source = burn_video(tmp_path / "source.mov", Shape(rate=base.rate, codec=codec, b_frames=0))
    clip = make_clip(source, FRAMES, base, start=107_850)

    report = cut_media(clip, source, tmp_path / "cut.mov", mode=mode)

    with av.open(str(tmp_path / "cut.mov")) as cut:
        assert cut.streams.video[0].metadata["timecode"] == format_timecode(107_850 + report.cut.first, base)
        (written, *_) = cut.demux(cut.streams.data[0])
        assert int.from_bytes(bytes(written)) == 107_850 + report.cut.first  # the track itself counts frames


@BOTH_MODES
def test_progress_counts_up_to_all_frames(burnt: Path, tmp_path: Path, mode: CutMode) -> None:
    seen: list[tuple[int, int]] = []

    cut_media(clip_of(burnt, Shape()), burnt, tmp_path / "cut.mov", mode=mode, progress=lambda *step: seen.append(step))

    assert seen == sorted(seen)
    assert seen[-1] == (FRAMES.count, FRAMES.count)


@BOTH_MODES
def test_a_cut_that_is_given_up_leaves_nothing_and_keeps_what_was_there(
    burnt: Path, tmp_path: Path, mode: CutMode
) -> None:
    class GivenUp(Exception):
        pass

    def give_up(done: int, _total: int) -> None:
        if done > 20:
            raise GivenUp

    target = tmp_path / "cut.mov"
    target.write_bytes(b"an older cut")

    with pytest.raises(GivenUp):
        cut_media(clip_of(burnt, Shape()), burnt, target, mode=mode, progress=give_up)

    assert [path.name for path in tmp_path.iterdir()] == ["cut.mov"]
    assert target.read_bytes() == b"an older cut"


def make_garbage(folder: Path) -> Path:
    path = folder / "garbage.mp4"
    path.write_bytes(bytes(range(256)) * 64)
    return path


def make_empty(folder: Path) -> Path:
    path = folder / "empty.mov"
    path.touch()
    return path


def make_truncated(folder: Path) -> Path:
    path = burn_video(folder / "truncated.mp4", Shape(suffix=".mp4"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def make_sound_only(folder: Path) -> Path:
    path = folder / "sound.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=AUDIO_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), format="s16", layout="mono")
        frame.sample_rate = AUDIO_RATE
        container.mux(stream.encode(frame))
    return path


def make_short(folder: Path) -> Path:
    """Return a video that ends before the clip, although its facts say otherwise."""
    return burn_video(folder / "short.mov", Shape(frames=20))


@BOTH_MODES
@pytest.mark.parametrize("make", [make_garbage, make_empty, make_truncated, make_sound_only])
def test_a_video_that_cannot_be_cut_is_named_and_leaves_no_file(make: object, mode: CutMode, tmp_path: Path) -> None:
    source = make(tmp_path)  # type: ignore[operator]

    with pytest.raises(BadSourceVideo, match=source.name):
        cut_media(clip_of(source, Shape()), source, tmp_path / "cut.mov", mode=mode)

    assert [path.name for path in tmp_path.iterdir()] == [source.name]


@BOTH_MODES
def test_a_clip_that_the_video_does_not_reach_is_bad_footage(mode: CutMode, tmp_path: Path) -> None:
    source = make_short(tmp_path)

    with pytest.raises(BadSourceVideo, match=r"short\.mov has no frame 61"):
        cut_media(clip_of(source, Shape()), source, tmp_path / "cut.mov", mode=mode)

    assert not (tmp_path / "cut.mov").exists()


def test_a_missing_video_may_come_back_with_its_share(tmp_path: Path) -> None:
    missing = tmp_path / "missing.mov"

    with pytest.raises(SourceVideoUnavailable, match=r"missing\.mov .*check the share"):
        cut_media(clip_of(missing, Shape()), missing, tmp_path / "cut.mov")


def test_a_container_that_does_not_take_the_streams_is_refused_with_the_exact_mode(burnt: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSourceVideo, match="--mode exact"):
        cut_media(clip_of(burnt, Shape()), burnt, tmp_path / "cut.webm", mode=CutMode.FAST)


@BOTH_MODES
def test_a_cut_never_replaces_its_own_video(burnt: Path, tmp_path: Path, mode: CutMode) -> None:
    link = tmp_path / "link.mov"
    link.hardlink_to(burnt)
    before = burnt.read_bytes()

    for target in (burnt, link):
        with pytest.raises(BadSourceVideo, match="own video"):
            cut_media(clip_of(burnt, Shape()), burnt, target, mode=mode)

    assert burnt.read_bytes() == before


def test_editors_get_quicktime_and_copies_keep_their_container() -> None:
    suffixes = map(partial(find_cut_suffix, Path("a.b.MXF")), (CutMode.EXACT, CutMode.FAST))

    assert list(suffixes) == [".mov", ".MXF"]
