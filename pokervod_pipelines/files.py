"""Replace a file whole: nobody reads half of it, and a full disk leaves the former one."""

import os
import threading
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Write the content beside the file, then put it in its place; raise ``OSError`` and leave nothing where it fails.

    With ``sync`` it is on the disk before it is in place, for what exists nowhere else once the power fails.
    """
    beside = path.with_name(f".{path.name[-40:]}.{os.getpid()}-{threading.get_native_id()}")  # a name has 255 bytes
    try:
        with beside.open("wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
