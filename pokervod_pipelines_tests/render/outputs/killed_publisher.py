"""Publish again and again, killed each time one system call later.

``python -m … <folder> <scene>`` makes one folder a case, ``000`` onward, until a publisher finishes, and prints how
many were killed. Python reports opening, creating, renaming and deleting by its audit events.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from pokervod_pipelines.render.outputs.publish import publish

STEPS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.scandir", "os.listdir", "shutil.rmtree"}
MAX_STEPS = 200
OLD, NEW = b"old" * 1000, b"new" * 2000
CLAIM = "11111111-1111-4111-8111-111111111111"

SCENES = {
    "file": (None, "file"),
    "file over file": ("file", "file"),
    "sequence": (None, "sequence"),
    "sequence over sequence": ("sequence", "sequence"),
    "sequence over file": ("file", "sequence"),
    "file over sequence": ("sequence", "file"),
}
"""Kinds of output that exist at the final path, and that are published there."""


def main(folder: Path, scene: str) -> None:
    there, comes = SCENES[scene]
    for step in range(MAX_STEPS):
        target, final = prepare(folder / f"{step:03}", there, comes)
        child = os.fork()
        if child == 0:
            kill_at(step)
            publish(target, final)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.stdout.write(f"{step} {os.WEXITSTATUS(status)}\n")
            return


def prepare(root: Path, there: str | None, comes: str) -> tuple[Path, Path]:
    """Write a finished target and what is in its way; return both paths."""
    target, final = root / ".unfinished" / CLAIM, root / "day" / "output"
    target.parent.mkdir(parents=True)
    make(target, comes, NEW)
    if there is not None:
        final.parent.mkdir()
        make(final, there, OLD)
    return target, final


def make(path: Path, kind: str, content: bytes) -> None:
    """Write a file, or a folder of three, with the content."""
    if kind == "file":
        path.write_bytes(content)
        return
    path.mkdir()
    for number in range(1, 4):
        (path / f"{number:05}.png").write_bytes(content)


def read(path: Path) -> bytes | None:
    """Return the whole content, None for nothing; fail for half of it."""
    if path.is_dir():
        contents = {file.read_bytes() for file in path.iterdir()}
        assert sorted(file.name for file in path.iterdir()) == ["00001.png", "00002.png", "00003.png"]
        assert len(contents) == 1
        return contents.pop()
    return path.read_bytes() if path.exists() else None


def kill_at(step: int) -> None:
    """Kill this process by signal 9 before its call of that number."""
    left = step

    def inspector(event: str, _: tuple[Any, ...]) -> None:
        nonlocal left
        if event in STEPS:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(inspector)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
