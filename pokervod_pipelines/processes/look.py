"""Look at places. ``places`` calls it, or runs this file as a program where a place may never answer."""

import os
import stat
import sys
import threading

IS_ABSENT, IS_EMPTY = "does not exist", "is empty"


def find_fault(path: str) -> str:
    """Return what is wrong with the file or folder, or ""."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):  # noqa: PTH116 - the program starts in half the time without pathlib
            with os.scandir(path) as entries:
                return "" if next(entries, None) else IS_EMPTY
    except FileNotFoundError:
        return IS_ABSENT
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _report(number: int, path: str) -> None:
    """Print how much of the path answered, folder by folder, and what is wrong with it."""
    for end in [*(end for end, letter in enumerate(path) if letter == os.sep and end), len(path)]:
        try:
            os.stat(path[:end])  # noqa: PTH116 - as above
        except OSError:
            break
        os.write(1, f"{number} {end}\n".encode())
    os.write(1, f"{number} ={find_fault(path)}\n".encode())


if __name__ == "__main__":
    for numbered in enumerate(sys.argv[1:]):
        threading.Thread(target=_report, args=numbered).start()
