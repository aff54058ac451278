"""What the doctor says of rollouts and alerts: whether plans can be used, and whether channels have addresses."""

from collections.abc import Iterator
from pathlib import Path

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.house import load_plans
from pokervod_pipelines.rollout.publish import find_channels
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.monitoring.doctor import report_part

_FIX = "correct the lines named; see docs/rollout.md"


def examine_rollout(folder: Path | None = None) -> list[CheckResult]:
    """A finding for the plans and for every channel; none where the settings cannot be read, which the doctor tells."""
    try:
        settings = load_settings(folder=folder)
    except PokervodError:
        return []
    return [_examine_plans(settings), *_examine_channels(settings)]


def _examine_plans(settings: Settings) -> CheckResult:
    try:
        plans = load_plans(settings)
    except PokervodError as error:
        return report_part("rollout plans", str(error), _FIX)
    if plans.faults:
        return report_part("rollout plans", "\n".join(map(str, plans.faults)), _FIX)
    told = ", ".join(f"{name} ({len(plan.weeks)} weeks)" for name, plan in plans.sound.items())
    return report_part("rollout plans", told)


def _examine_channels(settings: Settings) -> Iterator[CheckResult]:
    channels, missing = find_channels(settings)
    for channel in channels:
        yield report_part(f"alerts to {channel.name}", channel.place)
    for name, fix in missing.items():
        yield report_part(f"alerts to {name}", "no address", fix)
