"""Check what the command line says of an error of the system that names a file, a descriptor or nothing."""

import errno
import os

import pytest

from pokervod_pipelines.cli.app import _name_file_error
from pokervod_pipelines.render.failures import describe_failure


@pytest.mark.parametrize(
    ("filename", "begin"), [("/mnt/a.mov", "/mnt/a.mov: "), (7, "7: "), (b"a.mov", "b'a.mov': "), (None, "")]
)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_whatever_the_file_is_called(
    filename: str | bytes | int | None, begin: str, number: int
) -> None:
    error = OSError(number, os.strerror(number), filename)

    assert str(_name_file_error(error)).startswith(f"{begin}{os.strerror(number)}: free space on /")
    assert describe_failure(error).startswith(f"{begin}{os.strerror(number)}: free space on ")
