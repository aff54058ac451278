"""Measure this machine: its memory, that of our processes, and the space on the disks that we need.

Shares are asked in processes of their own, all at the same time, and waited for ``DISK_SECONDS``: a hung mount delays
nothing else.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Literal

import psutil

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder
from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.files import find_existing
from pokervod_pipelines.monitoring.measures.shape import DiskSpace, MachineFigures, MachineMemory, ProcessMemory
from pokervod_pipelines.processes.path_check import check_paths, is_on_share
from pokervod_pipelines.processes.path_check_child import ABSENT, EMPTY
from pokervod_pipelines.processes.share_reader import ShareReader
from pokervod_pipelines.settings import Settings

DISK_SECONDS = 4.0
"""A disk that takes longer does not answer; the whole look ends within 10 s."""

KINDS = {
    "render worker": "render worker",
    "watcher": "watcher",
    "dagster ui": "Dagster's UI",
    "pokervod api": "API",
    "pokervod serve": "API",
    "dagster daemon": "Dagster's daemon",
    "code server": "code server",
    "cli.launcher": "launcher",
    "pokervod_pipelines.cli watch": "watcher",
    "pokervod watch": "watcher",
    "dagster_webserver": "Dagster's UI",
    "defs.webserver": "Dagster's UI",
    "dagster-webserver": "Dagster's UI",
    "dagster._daemon": "Dagster's daemon",
    "dagster-daemon": "Dagster's daemon",
    "api grpc": "code server",
    "execute_run": "run",
    "pokervod": "pokervod",
    "dagster": "dagster",
}
"""Part of the title or of the command of a process of ours, and what it is called; the first that fits."""

POSTGRES = "PostgreSQL"

Kind = Literal["home", "outputs", "archive root"]


def measure_machine(settings: Settings, *, own: str | None = None) -> MachineFigures:
    """Return the figures of now."""
    memory = psutil.virtual_memory()
    return MachineFigures(
        memory=MachineMemory(total_bytes=memory.total, available_bytes=memory.available),
        processes=tuple(measure_processes(settings, own=own)),
        disks=tuple(measure_disks(settings)),
    )


def measure_disks(settings: Settings, seconds: float = DISK_SECONDS) -> list[DiskSpace]:
    """Return the space of ``home``, of the outputs, and of each archive root; a folder of ours may not be made yet."""
    places: list[tuple[Kind, str, Path]] = [("home", "home", settings.home), ("outputs", "outputs", settings.renders)]
    places += [("archive root", each.name, each.path) for each in settings.archive_roots]
    faults = check_paths([path for _, _, path in places], seconds)

    def measure(place: tuple[Kind, str, Path]) -> DiskSpace:
        kind, name, path = place
        is_ours = kind != "archive root"
        total, free, problem = _measure_disk(path, faults[path], seconds, may_be_absent=is_ours)
        return DiskSpace(kind=kind, name=name, path=str(path), total_bytes=total, free_bytes=free, problem=problem)

    with ThreadPoolExecutor(len(places), thread_name_prefix="disk") as pool:
        return [*pool.map(measure, places)]


def _measure_disk(path: Path, fault: str, seconds: float, *, may_be_absent: bool) -> tuple[int | None, int | None, str]:
    """Return the bytes of the disk and the free ones, or why they are not known."""
    if fault == ABSENT and may_be_absent:
        path = find_existing(path)
    elif fault not in {"", EMPTY}:
        return None, None, fault
    try:
        if not is_on_share(path):
            return *_read_space(path), ""
        with closing(ShareReader(seconds)) as reader:
            return *reader.ask(path, partial(_read_space, path)), ""
    except (ArchiveUnavailable, OSError) as error:
        return None, None, str(error).removeprefix(f"{path}: ")


def _read_space(path: Path) -> tuple[int, int]:
    usage = shutil.disk_usage(path)
    return usage.total, usage.free


def measure_processes(settings: Settings, *, own: str | None = None) -> list[ProcessMemory]:
    """Return the memory of the other processes in this installation's folder, and of its PostgreSQL, by their kind.

    ``own`` is the kind of this process, where it is one of the services; a command that only asks is none.
    """
    found: dict[str, list[int]] = defaultdict(list)
    for kind, process in (*_list_processes(settings), *([(own, psutil.Process())] if own else [])):
        with suppress(psutil.Error):
            found[kind].append(process.memory_full_info().pss)
    return [ProcessMemory(process=kind, count=len(each), bytes=sum(each)) for kind, each in sorted(found.items())]


def _list_processes(settings: Settings) -> Iterator[tuple[str, psutil.Process]]:
    folders = {str(settings.home.parent), str((settings.source or settings.home).parent)}
    data = _find_data(settings)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and (kind := _name_kind(process, folders, data)):
                yield kind, process


def _name_kind(process: psutil.Process, folders: set[str], data: str) -> str | None:
    if process.name() == "postgres":
        return POSTGRES if data and process.cwd() == data else None
    command = " ".join([process.name(), *process.cmdline()])
    kind = next((kind for part, kind in KINDS.items() if part in command), None)
    return kind if kind and process.cwd() in folders else None


def _find_data(settings: Settings) -> str:
    """Return the data folder of the embedded server, in which its processes work; "" for a server elsewhere."""
    if settings.database_url is not None:
        return ""
    return str(EmbeddedServer(embedded_folder(settings)).locate().data)
