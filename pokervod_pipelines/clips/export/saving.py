"""Files that appear under their name only when they are whole."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replace_when_whole(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside the target; without an error it becomes the target, else nothing is left of it.

    The temporary name keeps the suffix, by which programs tell the format.
    """
    unfinished = target.with_name(f".{os.getpid()}-{secrets.token_hex(3)}{target.suffix}")
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def save_list(text: str, target: Path) -> None:
    """Write a list as UTF-8, its line ends as they are."""
    with replace_when_whole(target) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")
