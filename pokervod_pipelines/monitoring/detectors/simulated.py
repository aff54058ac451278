"""Read how the detectors did on simulated days, where the truth is known: ``make bench ARGS="detectors --write"``.

The figures come with the package; they are of its detectors with their default settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

FILE = "simulated.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedScore:
    """Count what was injected and detected of the faults of a detector, and its alarms that nothing explains.

    ``median_seconds`` and ``p95_seconds`` are from the beginning of a fault, also where it is one only after a while.
    """

    injected: int
    detected: int
    median_seconds: float | None = None
    p95_seconds: float | None = None
    alarms: int = 0
    false: int = 0

    @property
    def precision(self) -> float | None:
        """Return which share of its alarms was of something; None of none."""
        return 1 - self.false / self.alarms if self.alarms else None

    @property
    def recall(self) -> float | None:
        """Return which share of its faults it found; None of none."""
        return self.detected / self.injected if self.injected else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDays:
    """Hold the scores by detector, of so many days with these seeds; nothing was injected into the quiet ones."""

    days: int
    quiet_days: int
    first_seed: int
    last_seed: int
    false_on_quiet_days: int
    detectors: Mapping[str, SimulatedScore]


_ADAPTER = TypeAdapter(SimulatedDays)


@cache
def load_simulated() -> SimulatedDays:
    """Return the figures that come with the package."""
    return _ADAPTER.validate_json((files(__package__) / FILE).read_bytes())


def dump_simulated(days: SimulatedDays) -> bytes:
    """Return the file of these figures."""
    return _ADAPTER.dump_json(days, indent=2) + b"\n"
