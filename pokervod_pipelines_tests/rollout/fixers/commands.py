"""Make commands that are real programs, and list what they left."""

import sys
from collections.abc import Mapping
from pathlib import Path


def python(code: str, *arguments: str) -> list[str]:
    """Return a command that runs the Python code."""
    return [sys.executable, "-c", code, *arguments]


def list_files(folder: Path) -> Mapping[str, tuple[int, bytes]]:
    """Return all files below the folder with time and content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
