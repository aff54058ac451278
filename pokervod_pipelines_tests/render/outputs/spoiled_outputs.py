"""Spoil outputs: each function replaces a good one by a spoiled one."""

import io
import struct
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

Spoil = Callable[[Path], object]


def cut(share: float) -> Spoil:
    """Truncate the file to this share."""

    def spoil(path: Path) -> None:
        with path.open("r+b") as file:
            file.truncate(int(path.stat().st_size * share))

    return spoil


def append(data: bytes) -> Spoil:
    """Append data to the file."""

    def spoil(path: Path) -> None:
        with path.open("ab") as file:
            file.write(data)

    return spoil


def append_itself(path: Path) -> None:
    """Write the file twice in a row."""
    path.write_bytes(path.read_bytes() * 2)


def blot(path: Path) -> None:
    """Overwrite a stretch in the middle of the media, as after a bad copy."""
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    middle = start + (len(data) - start) // 2
    data[middle : middle + 400] = bytes(range(1, 101)) * 4
    path.write_bytes(data)


def claim_more_frames(path: Path) -> None:
    """Add three frames to the tables of times (stts, ISO 14496-12 §8.6.1.2) and sizes (stsz)."""
    data = bytearray(path.read_bytes())
    for kind, skip in ((b"stts", 8), (b"stsz", 8)):
        place = data.index(kind) + 4 + skip
        (count,) = struct.unpack_from(">I", data, place)
        struct.pack_into(">I", data, place, count + 3)
    path.write_bytes(data)


def change_container(path: Path) -> None:
    """Encode the same frames losslessly in Matroska, under the same name."""
    other = path.with_name("other.mkv")
    with av.open(str(path)) as source, av.open(str(other), "w") as sink:
        stream: Any = sink.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "bgra"
        for frame in source.decode(video=0):
            sink.mux(stream.encode(frame.reformat(format="bgra")))
        sink.mux(stream.encode())
    other.replace(path)


def turn(path: Path, matrix: tuple[int, ...] = (-1, 0, 0, -1)) -> None:
    """Set the display matrix of the track (ISO 14496-12 §8.3.2), by default upside down."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 8 + 36  # after version, times, numbers, layer and volume
    across, down, right, up = (each << 16 for each in matrix)
    struct.pack_into(">5i", data, place, across, down, 0, right, up)
    path.write_bytes(data)


def mirror(path: Path) -> None:
    """Mirror the frames by the display matrix."""
    turn(path, (-1, 0, 0, 1))


def rewrap(path: Path, *, tracks: int = 1, late_frames: int = 0, sound: bool = False) -> None:
    """Write the same frames to a new file: in several tracks, later, or with a silent track."""
    other = path.with_name(f"other{path.suffix}")
    with av.open(str(path)) as source, av.open(str(other), "w") as sink:
        pictures: Any = source.streams.video[0]
        copies = [sink.add_stream_from_template(pictures) for _ in range(tracks)]
        voice: Any = sink.add_stream("aac", rate=48000, layout="mono") if sound else None
        delay = int(late_frames / pictures.average_rate / pictures.time_base)
        packets = [packet for packet in source.demux(pictures) if packet.dts is not None]
        for packet, copy in ((packet, copy) for packet in packets for copy in copies):
            again = av.Packet(bytes(packet))
            again.stream, again.time_base, again.duration = copy, packet.time_base, packet.duration
            again.pts, again.dts, again.is_keyframe = packet.pts + delay, packet.dts + delay, packet.is_keyframe
            sink.mux(again)
        if voice is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            silence.sample_rate, silence.pts = 48000, 0
            sink.mux([*voice.encode(silence), *voice.encode(None)])
    other.replace(path)


def make_wide(stream: Any) -> None:
    """Make pixels twice as wide as high."""
    stream.codec_context.sample_aspect_ratio = Fraction(2)


def claim_full_range(stream: Any) -> None:
    """Declare black at 0 where it is at 16."""
    stream.codec_context.color_range = 2


def claim_old_colours(stream: Any) -> None:
    """Declare the colours of SD (BT.601)."""
    stream.codec_context.colorspace = 5


def keep_all_colours(stream: Any) -> None:
    """Keep the colours of every pixel, which few players show."""
    stream.pix_fmt = "yuv444p"


def become(data: bytes) -> Spoil:
    """Replace the content of the file."""
    return lambda path: path.write_bytes(data)


def become_folder(path: Path) -> None:
    """Replace the file by a folder."""
    path.unlink()
    path.mkdir()


def become_link(path: Path) -> None:
    """Replace the file by a link."""
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


SPOILED_VIDEOS: Mapping[str, Spoil] = {
    "a quarter": cut(0.25),
    "half": cut(0.5),
    "nearly all": cut(0.98),
    "all but a byte": cut(0.999_99),
    "garbage behind": append(bytes(range(256)) * 8),
    "zeros behind": append(bytes(4096)),
    "one byte behind": append(b"\n"),
    "another video behind": append_itself,
    "a blot in the middle": blot,
    "claims more frames": claim_more_frames,
    "another container": change_container,
    "turned": turn,
    "mirrored": mirror,
    "ten seconds late": lambda path: rewrap(path, late_frames=300),
    "two picture tracks": lambda path: rewrap(path, tracks=2),
    "a text": become(b"no film at all\n" * 500),
    "zeros": become(bytes(200_000)),
    "empty": become(b""),
    "tiny": become(b"tiny"),
    "a folder": become_folder,
    "a link": become_link,
    "missing": lambda path: path.unlink(),
}

OTHER_CODINGS: Mapping[str, Callable[[Any], None]] = {
    "full range": claim_full_range,
    "BT.601": claim_old_colours,
    "yuv444p": keep_all_colours,
}
"""Codings that are not ours, but may be those of a render farm."""

SPOILED_SEQUENCES: Mapping[str, Spoil] = {
    "one missing in the middle": lambda path: (path / "00010.png").unlink(),
    "the last missing": lambda path: max(path.iterdir()).unlink(),
    "one more": lambda path: (path / f"{len(list(path.iterdir())) + 1:05}.png").write_bytes(
        (path / "00010.png").read_bytes()
    ),
    "a strange file": lambda path: (path / "Thumbs.db").write_bytes(b"x"),
    "one cut off": lambda path: cut(0.7)(path / "00010.png"),
    "one with something behind": lambda path: append(b"\0")(path / "00010.png"),
    "one empty": lambda path: (path / "00010.png").write_bytes(b""),
    "one a text": lambda path: (path / "00010.png").write_bytes(b"no picture" * 200),
    "one damaged": lambda path: damage(path / "00010.png"),
    "one of another size": lambda path: repaint(path / "00010.png", lambda image: image.resize((320, 180))),
    "one without transparency": lambda path: repaint(path / "00010.png", lambda image: image.convert("RGB")),
    "one black": lambda path: repaint(path / "00010.png", lambda image: Image.new("RGBA", image.size, (0, 0, 0, 255))),
    "one a link": lambda path: become_link(path / "00010.png"),
    "a video": lambda path: replace_folder(path, become(b"film" * 1000)),
    "missing": lambda path: drop(path),  # noqa: PLW0108 - defined below
    "empty": lambda path: replace_folder(path, Path.mkdir),
}


def drop(folder: Path) -> None:
    """Delete the folder."""
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()


def replace_folder(folder: Path, make: Spoil) -> None:
    """Replace the folder."""
    drop(folder)
    make(folder)


def damage(path: Path) -> None:
    """Flip one bit."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def repaint(path: Path, change: Callable[[Image.Image], Image.Image]) -> None:
    """Change the image."""
    buffer = io.BytesIO()
    with Image.open(path) as image:
        change(image).save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
