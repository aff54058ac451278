"""Check the machine that this process runs on: its disks, its memory, and its clock against that of the database."""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import Engine, text

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.files import find_existing
from pokervod_pipelines.settings.monitoring import MonitoringSettings

GIGABYTE = 1e9


def check_disk(name: str, path: Path, limits: MonitoringSettings, *, fix: str) -> CheckResult:
    """Return whether the disk of the path has room: a warning where it is low, an error where it is full."""
    place = find_existing(path)
    usage = shutil.disk_usage(place)
    is_full = usage.free < limits.full_disk_bytes
    limit = limits.full_disk_bytes if is_full else limits.low_disk_bytes
    is_low = usage.free < limit
    found = f"{usage.free / GIGABYTE:.1f} GB free at {place}"
    return CheckResult(
        name=name,
        passed=not is_low,
        summary=f"{found}, less than {limit / GIGABYTE:g} GB" if is_low else found,
        severity=Severity.ERROR if is_full else Severity.WARNING,
        looked_at=1,
        next_step=fix if is_low else "",
        figures={"free_bytes": usage.free, "total_bytes": usage.total},
    )


def check_memory(limits: MonitoringSettings) -> CheckResult:
    """Return whether the machine has memory left for a process more."""
    memory = psutil.virtual_memory()
    share = memory.available / memory.total
    is_low = share < limits.low_memory_share
    limit = f", less than {limits.low_memory_share:.0%}" if is_low else ""
    return CheckResult(
        name="memory",
        passed=not is_low,
        summary=f"{memory.available / GIGABYTE:.1f} of {memory.total / GIGABYTE:.1f} GB free ({share:.0%}){limit}",
        severity=Severity.WARNING,
        looked_at=1,
        next_step="end programs that need much memory, or add some" if is_low else "",
        figures={"free_bytes": memory.available, "total_bytes": memory.total, "free_share": round(share, 3)},
    )


def check_clock(engine: Engine, limits: MonitoringSettings) -> CheckResult:
    """Return whether the clocks of the database and of this machine agree, within the time that the question took."""
    with engine.connect() as connection:
        began, before = time.perf_counter(), datetime.now(UTC)
        there = connection.scalar(text("select clock_timestamp()"))
        took = time.perf_counter() - began
    assert isinstance(there, datetime)  # noqa: S101 - narrows the type
    offset = (there - before).total_seconds() - took / 2
    is_off = abs(offset) - took / 2 > limits.clock_seconds
    words = "ahead of" if offset > 0 else "behind"
    found = f"the database's clock is {abs(offset):.1f} s {words} this machine's"
    return CheckResult(
        name="clock",
        passed=not is_off,
        summary=found if is_off else f"{abs(offset) * 1000:.0f} ms between the database and this machine",
        severity=Severity.WARNING,
        looked_at=1,
        next_step="synchronize both machines by NTP: leases and time limits go by these clocks" if is_off else "",
        figures={"offset_seconds": round(offset, 3), "latency_ms": round(took * 1000, 2)},
    )
