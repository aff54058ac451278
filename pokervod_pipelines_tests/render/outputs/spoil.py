"""Ways in which an output goes wrong: each takes a good one and leaves a spoiled one in its place."""

import io
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import av
from PIL import Image

Spoil = Callable[[Path], object]


def cut(share: float) -> Spoil:
    """Only so much of the file is there."""

    def spoil(path: Path) -> None:
        with path.open("r+b") as file:
            file.truncate(int(path.stat().st_size * share))

    return spoil


def append(data: bytes) -> Spoil:
    """Something stands behind the file's end."""

    def spoil(path: Path) -> None:
        with path.open("ab") as file:
            file.write(data)

    return spoil


def append_itself(path: Path) -> None:
    """The file stands there twice."""
    path.write_bytes(path.read_bytes() * 2)


def blot(path: Path) -> None:
    """A stretch in the middle of the media is something else, as after a bad copy."""
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    middle = start + (len(data) - start) // 2
    data[middle : middle + 400] = bytes(range(1, 101)) * 4
    path.write_bytes(data)


def claim_more_frames(path: Path) -> None:
    """The table of times (stts, ISO 14496-12 §8.6.1.2) and that of sizes (stsz) claim three frames more."""
    data = bytearray(path.read_bytes())
    for kind, skip in ((b"stts", 8), (b"stsz", 8)):
        place = data.index(kind) + 4 + skip
        (count,) = struct.unpack_from(">I", data, place)
        struct.pack_into(">I", data, place, count + 3)
    path.write_bytes(data)


def change_container(path: Path) -> None:
    """The same pictures in Matroska, coded without loss, under the same name."""
    other = path.with_name("other.mkv")
    with av.open(str(path)) as source, av.open(str(other), "w") as sink:
        stream: Any = sink.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "bgra"
        for frame in source.decode(video=0):
            sink.mux(stream.encode(frame.reformat(format="bgra")))
        sink.mux(stream.encode())
    other.replace(path)


def become(data: bytes) -> Spoil:
    """The file holds something else."""
    return lambda path: path.write_bytes(data)


def become_folder(path: Path) -> None:
    """A folder has the file's name."""
    path.unlink()
    path.mkdir()


def become_link(path: Path) -> None:
    """A link has the file's name."""
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


FILMS: Mapping[str, Spoil] = {
    "a quarter": cut(0.25),
    "half": cut(0.5),
    "nearly all": cut(0.98),
    "all but a byte": cut(0.999_99),
    "garbage behind": append(bytes(range(256)) * 8),
    "zeros behind": append(bytes(4096)),
    "one byte behind": append(b"\n"),
    "another film behind": append_itself,
    "a blot in the middle": blot,
    "claims more frames": claim_more_frames,
    "another container": change_container,
    "a text": become(b"no film at all\n" * 500),
    "zeros": become(bytes(200_000)),
    "empty": become(b""),
    "tiny": become(b"tiny"),
    "a folder": become_folder,
    "a link": become_link,
    "missing": lambda path: path.unlink(),
}

PICTURES: Mapping[str, Spoil] = {
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
    "a film": lambda path: replace_folder(path, become(b"film" * 1000)),
    "missing": lambda path: drop(path),  # noqa: PLW0108 - it stands further below
    "empty": lambda path: replace_folder(path, Path.mkdir),
}


def drop(folder: Path) -> None:
    """Nothing is there any more."""
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()


def replace_folder(folder: Path, make: Spoil) -> None:
    """Something else has the folder's name."""
    drop(folder)
    make(folder)


def damage(path: Path) -> None:
    """One bit of a picture is wrong."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def repaint(path: Path, change: Callable[[Image.Image], Image.Image]) -> None:
    """The picture is another one."""
    buffer = io.BytesIO()
    with Image.open(path) as image:
        change(image).save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
