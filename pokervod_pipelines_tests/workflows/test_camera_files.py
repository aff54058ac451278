"""Check clips of unusual camera files from the probe to the list: each is what a player and an editor see."""

import io
import struct
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import pytest
from av.stream import Disposition
from PIL import Image
from sqlalchemy import Engine, text

from pokervod_pipelines.clips.export.collect import collect_clips
from pokervod_pipelines.clips.export.cut import CutMode, cut_media
from pokervod_pipelines.clips.export.edl import write_edl
from pokervod_pipelines.clips.export.fcpxml import write_fcpxml
from pokervod_pipelines.clips.export.frames import RATES, format_timecode
from pokervod_pipelines.clips.export.timeline import ExportClip, make_timelines
from pokervod_pipelines.media.frames import draw_thumbnail
from pokervod_pipelines.media.library import probe_library
from pokervod_pipelines.media.tracks import find_rate, open_video
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.clips.export.burnt import (
    HEIGHT,
    SAMPLES_A_STEP,
    WIDTH,
    Shape,
    burn_frame,
    burn_video,
    find_click,
    make_sound,
    read_number,
    read_numbers,
    read_steps,
)
from pokervod_pipelines_tests.media.conftest import Register, archive, register, settings
from pokervod_pipelines_tests.media.films import Film, make_film, make_old
from pokervod_pipelines_tests.sizes import cover, thin

__all__ = ["archive", "register", "settings"]

Export = Callable[[str, int, int], ExportClip | str]

NTSC = Fraction(30_000, 1001)

INSERT_CLIP = text("""
    with row as (insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content)
        values ('s', 't', 1, '', '', '', '{}') returning id)
    insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, winner, hands, input_hash)
    select id, 's', :file_id, :in_ms, :out_ms, '', '', '', '' from row returning id
""")


@pytest.fixture
def export(engine: Engine, settings: Settings, register: Register, archive: Path) -> Export:
    """Return a function that probes a file of the archive and collects a clip of it, or says why it cannot."""

    def collect(name: str, in_ms: int, out_ms: int) -> ExportClip | str:
        make_old(archive / name)
        file_id = register(name)
        probe_library(engine, settings, "films", correlation_id="test")
        with engine.begin() as connection:
            clip_id = connection.scalar(INSERT_CLIP, {"file_id": file_id, "in_ms": in_ms, "out_ms": out_ms})
            clips, problems = collect_clips(connection, [clip_id or 0], {"disk": archive})
        return clips[0] if clips else problems[0].what

    return collect


LOST = {
    "one of 600": {300},
    "two in a row": {100, 101},
    "one of ten": set(range(3, 600, 10)),
    "the last but one": {598},
    "so few that the average of 30 fps is 29.97": {199, 399},
}


@pytest.mark.parametrize(
    ("lost", "film"),
    cover(LOST, [(30, "mp4"), (30, "mov"), (25, "mp4"), (60, "mkv"), (50, "avi")]),
    ids=str,
)
def test_a_recording_that_lost_frames_keeps_its_rate_and_length(
    export: Export, archive: Path, lost: str, film: tuple[int, str]
) -> None:
    rate, suffix = film
    shape = Shape(rate=Fraction(rate), frames=600, suffix=f".{suffix}", codec="mpeg4", b_frames=0, has_audio=False)
    burn_video(archive / f"film.{suffix}", replace(shape, left_out=frozenset(LOST[lost])))

    clip = export(f"film.{suffix}", 4_000, 600_000 // rate)

    assert isinstance(clip, ExportClip)
    assert clip.rate == rate
    assert (clip.frames.first, clip.frames.end) == (4 * rate, 600)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_whole_recording_keeps_its_rate(tmp_path: Path, rate: Fraction) -> None:
    path = burn_video(tmp_path / "film.mov", Shape(rate=rate, frames=200, has_audio=True))

    with open_video(str(path)) as (_, video):
        assert find_rate(video) == rate


def test_a_clock_too_coarse_for_the_rate_is_no_loss_of_frames(tmp_path: Path) -> None:
    path = burn_video(tmp_path / "film.mov", Shape(frames=200, options={"video_track_timescale": "600"}))

    with open_video(str(path)) as (_, video):
        assert find_rate(video) == Fraction(30_000, 1001)


@pytest.mark.parametrize(
    ("suffix", "shown"), thin([("mov", 1), ("mov", 0), ("mp4", 1), ("mkv", 1), ("mkv", 0), ("mov", None)])
)
def test_the_track_marked_as_default_is_probed_cut_and_previewed(
    export: Export, archive: Path, tmp_path: Path, suffix: str, shown: int | None
) -> None:
    path = archive / f"film.{suffix}"
    parts = [Shape(rate=Fraction(5), frames=50, b_frames=0), Shape(rate=Fraction(25), frames=250, b_frames=0)]
    join_tracks([burn_video(tmp_path / f"{n}.mov", part) for n, part in enumerate(parts)], path, default=shown)

    clip = export(path.name, 4_000, 8_000)
    preview = draw_thumbnail(str(path), 4_000, 192)

    assert number_of(preview) == (100 if shown == 1 else 20)
    if shown != 1:
        assert clip == "unknown frame rate 5; expected one of 23.976, 24, 25, 29.97, 30, 50, 59.94, 60"
        return
    assert isinstance(clip, ExportClip)
    assert clip.rate == 25
    for mode in CutMode:
        report = cut_media(clip, path, tmp_path / f"cut.{suffix}", mode=mode)
        assert read_numbers(report.path) == list(range(report.cut.first, report.cut.end))
        assert report.cut.first <= 100 < 200 <= report.cut.end


def join_tracks(parts: list[Path], target: Path, *, default: int | None) -> None:
    """Write the video of each part as a track of its own; mark one as default."""
    with ExitStack() as stack:
        sources = [stack.enter_context(av.open(str(part))) for part in parts]
        with av.open(str(target), "w") as joined:
            tracks = [joined.add_stream_from_template(source.streams.video[0]) for source in sources]
            for number, track in enumerate(tracks):
                track.disposition = Disposition.default if number == default else Disposition(0)
            for source, track in zip(sources, tracks, strict=True):
                for packet in source.demux(source.streams.video[0]):
                    if packet.dts is not None:
                        packet.stream = track
                        joined.mux(packet)


def number_of(jpeg: bytes) -> int:
    return read_number(av.VideoFrame.from_image(Image.open(io.BytesIO(jpeg))).reformat(format="yuv420p"))


@pytest.mark.parametrize(("turn", "suffix"), cover([90, -90, 180, 0], ["mp4", "mov"]))
def test_a_rotated_recording_is_upright_everywhere(
    export: Export, archive: Path, tmp_path: Path, suffix: str, turn: int
) -> None:
    path = archive / f"film.{suffix}"
    rotate(burn_video(tmp_path / "flat.mov", Shape(rate=Fraction(25), frames=100, b_frames=0)), path, turn)
    size = (HEIGHT, WIDTH) if turn in {90, -90} else (WIDTH, HEIGHT)

    clip = export(path.name, 1_000, 2_000)

    assert isinstance(clip, ExportClip)
    assert (clip.width, clip.height) == size
    assert f'width="{size[0]}" height="{size[1]}"' in write_fcpxml(make_timelines("x", [clip])[0])
    exact = cut_media(clip, path, tmp_path / "cut.mov")
    fast = cut_media(clip, path, tmp_path / f"fast.{suffix}", mode=CutMode.FAST)
    preview = Image.open(io.BytesIO(draw_thumbnail(str(path), 1_000, size[0])))
    assert preview.size == size
    assert number_of_upright(preview, turn) == 25
    with av.open(str(exact.path)) as cut:
        frames = list(cut.decode(video=0))
    assert {(frame.width, frame.height, frame.rotation) for frame in frames} == {(*size, 0)}
    assert [number_of_upright(frame.to_image(), turn) for frame in frames] == list(range(25, 50))
    with av.open(str(fast.path)) as cut:
        assert {frame.rotation % 360 for frame in cut.decode(video=0)} == {turn % 360}


def rotate(source: Path, target: Path, turn: int) -> None:
    """Copy the video with the mark that it is shown turned against the clock."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        track = new.add_stream_from_template(old.streams.video[0])
        if turn:
            track.set_display_rotation(turn)
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = track
                new.mux(packet)


def number_of_upright(image: Image.Image, turn: int) -> int:
    """Return the number burnt into a frame before it was turned against the clock."""
    return read_number(av.VideoFrame.from_image(image.rotate(-turn, expand=True)).reformat(format="yuv420p"))


@pytest.mark.parametrize(("rate", "counted"), [(30, NTSC), (60, 2 * NTSC), (30, Fraction(30)), (60, Fraction(60))])
def test_a_drop_flag_at_a_rate_without_drop_frames_is_ignored(
    export: Export, archive: Path, rate: int, counted: Fraction
) -> None:
    path = shoot(archive / "film.mov", Fraction(rate), "00:00:10:00")
    mark_timecode(path, counted, drop_frame=True)

    clip = export("film.mov", 1_000, 2_000)

    assert isinstance(clip, ExportClip)
    assert not clip.drop_frame
    assert format_timecode(clip.source.first, clip.timebase) == "00:00:11:00"
    assert "FCM: NON-DROP FRAME" in write_edl(make_timelines("x", [clip])[0])


@pytest.mark.parametrize(
    ("rate", "written", "counted", "drop_frame", "first"),
    thin(
        [
            (50, "05:00:00:12", 25, False, "10:00:01:24"),  # the track's first number is 900,012
            (50, "05:00:00:12", 50, False, "05:00:01:12"),
            (60, "05:00:00:13", 30, False, "10:00:01:26"),
            (60, "00:00:05:00", 30, True, "00:00:11:00"),
            (2 * NTSC, "00:00:05:00", NTSC, True, "00:00:11;00"),
            (2 * NTSC, "00:15:00:00", NTSC, True, "00:30:02;48"),  # 54,000 frames, of which 54 numbers are left out
            (2 * NTSC, "05:00:00:13", NTSC, False, "10:00:01:26"),
            (NTSC, "00:00:10:00", 2 * NTSC, False, "00:00:06:00"),
            (48, "05:00:00:12", 24, False, None),
            (25, "10:00:00:12", 25, False, "10:00:01:12"),
        ]
    ),
)
def test_a_timecode_track_counts_at_its_own_rate(
    export: Export, archive: Path, rate: Fraction, written: str, counted: Fraction, drop_frame: bool, first: str | None
) -> None:
    path = shoot(archive / "film.mov", Fraction(rate), written)
    mark_timecode(path, Fraction(counted), drop_frame=drop_frame)

    clip = export("film.mov", 1_001 if rate in {NTSC, 2 * NTSC} else 1_000, 2_000)

    if first is None:
        assert clip == "unknown frame rate 48; expected one of 23.976, 24, 25, 29.97, 30, 50, 59.94, 60"
        return
    assert isinstance(clip, ExportClip)
    assert format_timecode(clip.source.first, clip.timebase) == first
    assert f" C        {first} " in write_edl(make_timelines("x", [clip])[0])


@pytest.mark.parametrize(("base", "first"), [(25, "10:00:01:24"), (50, "05:00:01:12")])
def test_the_timecode_of_an_mxf_counts_at_its_own_base(export: Export, archive: Path, base: int, first: str) -> None:
    film = Film(rate=Fraction(50), frames=200, timecode="05:00:00:12", codec="mpeg2video")
    path = make_film(archive / "film.mxf", film)
    path.write_bytes(path.read_bytes().replace(b"\x15\x02\x00\x02\x00\x32", b"\x15\x02\x00\x02" + base.to_bytes(2)))

    clip = export("film.mxf", 1_000, 2_000)

    assert isinstance(clip, ExportClip)
    assert format_timecode(clip.source.first, clip.timebase) == first


def shoot(path: Path, rate: Fraction, timecode: str) -> Path:
    """Write a film of 200 frames with a timecode track."""
    return make_film(path, Film(rate=rate, frames=200, timecode=timecode))


def mark_timecode(path: Path, rate: Fraction, *, drop_frame: bool) -> None:
    """Make the timecode track of a QuickTime file count at this rate, its first number unchanged."""
    content = bytearray(path.read_bytes())
    at = content.rindex(b"tmcd", 0, content.rindex(b"stts")) + 4  # its sample description (QTFF, "Timecode")
    struct.pack_into(">IIIB", content, at + 12, int(drop_frame), rate.numerator, rate.denominator, round(rate))
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("case", "seconds"),
    thin(
        cover(
            [*product(CutMode, [("mp4", "aac"), ("mov", "pcm_s16le"), ("mkv", "pcm_s16le"), ("ts", "mp2")])],
            [3, 1, 0.5],
        )
    ),
    ids=str,
)
def test_sound_before_the_picture_counts(
    export: Export, archive: Path, tmp_path: Path, case: tuple[CutMode, tuple[str, str]], seconds: float
) -> None:
    mode, (suffix, sound) = case
    path = archive / f"film.{suffix}"
    shape = Shape(
        rate=Fraction(30), frames=180, b_frames=0, has_audio=True, sound_codec=sound, sound_seconds=10, click_at=5
    )
    delay_picture(burn_video(tmp_path / "flat.mov", shape), path, round(seconds * 30))
    delay = round(seconds * 30)

    clip = export(path.name, 4_000, 6_000)

    assert isinstance(clip, ExportClip)
    assert (clip.frames.first, clip.frames.end) == (120, 180)
    assert number_of(draw_thumbnail(str(path), 4_010, WIDTH)) == 120 - delay
    report = cut_media(clip, path, tmp_path / f"cut.{'mov' if mode is CutMode.EXACT else suffix}", mode=mode)
    assert read_numbers(report.path)[: 180 - report.cut.first] == list(range(report.cut.first - delay, 180 - delay))
    assert find_click(report.path) == pytest.approx(5 - report.cut.first / 30, abs=0.003)
    assert isinstance(export(path.name, round(1000 * seconds) + 5_000, round(1000 * seconds) + 6_000), ExportClip)


def test_a_clip_around_the_start_of_the_picture_has_all_its_sound(
    export: Export, archive: Path, tmp_path: Path
) -> None:
    shape = Shape(rate=Fraction(30), frames=180, b_frames=0, has_audio=True, sound_seconds=10)
    delay_picture(burn_video(tmp_path / "flat.mov", shape), archive / "film.mov", 90)

    clip = export("film.mov", 1_000, 5_000)

    assert isinstance(clip, ExportClip)
    cut_media(clip, archive / "film.mov", tmp_path / "cut.mov")
    assert read_numbers(tmp_path / "cut.mov") == list(range(60))
    assert list(read_steps(tmp_path / "cut.mov")[::48_000]) == [48_000 * n // SAMPLES_A_STEP for n in range(1, 5)]
    reason = "its video has no picture before 3 s; correct the timecode"
    assert export("film.mov", 1_000, 3_000) == reason


def delay_picture(source: Path, target: Path, frames: int) -> None:
    """Copy the video with its picture later than its sound."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        tracks = {each.index: new.add_stream_from_template(each) for each in (*old.streams.video, *old.streams.audio)}
        for packet in old.demux(*old.streams.video, *old.streams.audio):
            if packet.dts is not None:
                if packet.stream.type == "video":
                    later = round(frames / Fraction(30) / packet.time_base)
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                packet.stream = tracks[packet.stream.index]
                new.mux(packet)


@pytest.mark.parametrize(
    ("suffix", "count"), [("mxf", 1), ("mov", 1), ("mov", 2), ("mp4", 1), ("mkv", 2), ("avi", 1), ("ts", 2)]
)
def test_a_file_with_sound_only_is_named_as_that(export: Export, archive: Path, suffix: str, count: int) -> None:
    codec = {"mp4": "aac", "ts": "mp2"}.get(suffix, "pcm_s16le")
    form = "mxf_opatom" if suffix == "mxf" else None  # a camera's file for each track
    with av.open(str(archive / f"film.{suffix}"), "w", format=form) as container:
        sounds = [container.add_stream(codec, rate=48_000, layout="mono") for _ in range(count)]
        for sound in sounds:
            for block in make_sound(1):
                container.mux(sound.encode(block))
            container.mux(sound.encode(None))

    found = export(f"film.{suffix}", 0, 500)

    assert found == f"its video cannot be used: audio only: {count} audio track{'s'[: count - 1]}, no video track"


@pytest.mark.parametrize(("kept", "is_finished"), [(0.4, False), (0.8, False), (1.0, True)])
def test_an_mxf_that_is_not_finished_is_named_as_that(
    export: Export, archive: Path, kept: float, is_finished: bool
) -> None:
    path = archive / "film.mxf"
    record_mxf(path, kept)

    found = export("film.mxf", 0, 500)

    if is_finished:
        assert isinstance(found, ExportClip)
    else:
        reason = f"unfinished: no footer in its {path.stat().st_size:,} bytes, the recording or copy did not end"
        assert found == f"its video cannot be used: {reason}"


def record_mxf(path: Path, kept: float) -> None:
    """Write a file as a recorder that cannot go back to the header; keep a part of it."""
    pipe = io.BytesIO()

    class Recorder:
        def write(self, data: bytes) -> int:
            return pipe.write(data)

    with av.open(Recorder(), "w", format="mxf") as container:
        picture = container.add_stream("mpeg2video", rate=25)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(50):
            container.mux(picture.encode(burn_frame(number)))
        container.mux(picture.encode(None))
    path.write_bytes(pipe.getvalue()[: int(len(pipe.getvalue()) * kept)])
