"""Check the folders that the settings name: each answers, is a folder, and has something in it where it must."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from pokervod_pipelines.checks import CheckResult, report_part
from pokervod_pipelines.processes.path_check import check_paths
from pokervod_pipelines.processes.path_check_child import ABSENT, EMPTY, IS_FILE

FOLDER_SECONDS = 4.0
"""Wait so long for a folder or server; a look at the whole installation ends within 10 s."""

_STEPS = {
    EMPTY: "mount the share: the folder is empty",
    ABSENT: "mount the share, or correct the path in the settings",
    IS_FILE: "expected a folder; correct the path in the settings",
    os.strerror(errno.EACCES): "give the service read rights",
    os.strerror(errno.EPERM): "give the service read rights",
}


def check_folders(parts: Sequence[tuple[str, Path]], *, may_be_empty: bool = False) -> list[CheckResult]:
    """Return a result for each folder, given with the name of its part; all are asked at the same time."""
    faults = check_paths([folder for _, folder in parts], FOLDER_SECONDS)
    return [
        report_folder(part, folder, "" if may_be_empty and faults[folder] == EMPTY else faults[folder])
        for part, folder in parts
    ]


def report_folder(part: str, folder: Path, fault: str) -> CheckResult:
    """Return the result for a folder with this fault, or "" for none."""
    return report_part(part, f"{folder}: {fault}" if fault else str(folder), advise_on_folder(fault) if fault else "")


def advise_on_folder(fault: str) -> str:
    """Return what a person does about the fault."""
    return _STEPS.get(fault, "mount the share again and check its server")
