"""Check paths. ``path_check`` calls it, or runs this file as a program where a path may never answer."""

import os
import stat
import sys
import threading

ABSENT, EMPTY, IS_FILE = "does not exist", "is empty", "is a file"


def check_path(path: str) -> str:
    """Return what is wrong with the folder or file, or ""; that it is a file is for the caller to judge."""
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):  # noqa: PTH116 - it starts in half the time without pathlib
            return IS_FILE
        with os.scandir(path) as entries:
            return "" if next(entries, None) else EMPTY
    except FileNotFoundError:
        return ABSENT
    except OSError as error:
        return error.strerror or str(error)


def _report(number: int, path: str) -> None:
    """Print how much of the path answered, folder by folder, and what is wrong with it."""
    for end in [*(end for end, letter in enumerate(path) if letter == os.sep and end), len(path)]:
        try:
            os.stat(path[:end])  # noqa: PTH116 - as above
        except OSError:
            break
        os.write(1, f"{number} {end}\n".encode())
    os.write(1, f"{number} ={check_path(path)}\n".encode())


if __name__ == "__main__":
    paths = os.fsdecode(sys.stdin.buffer.read()).split("\0")  # arguments may not be as many as paths
    for numbered in enumerate(paths):
        threading.Thread(target=_report, args=numbered).start()
