"""What the doctor says of rollouts and alerts: whether plans can be used, and whether channels have addresses."""

from collections.abc import Iterator
from pathlib import Path

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.house import load_plans
from pokervod_pipelines.rollout.publish import find_channels
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.doctor import Finding

_FIX = "mend the lines named; see docs/rollout.md"


def examine_rollout(folder: Path | None = None) -> list[Finding]:
    """A finding for the plans and for every channel; none where the settings cannot be read, which the doctor tells."""
    try:
        settings = load_settings(folder=folder)
    except PokervodError:
        return []
    return [_examine_plans(settings), *_examine_channels(settings)]


def _examine_plans(settings: Settings) -> Finding:
    try:
        plans = load_plans(settings)
    except PokervodError as error:
        return Finding(part="rollout plans", found=str(error), fix=_FIX)
    if plans.faults:
        return Finding(part="rollout plans", found="\n".join(map(str, plans.faults)), fix=_FIX)
    told = ", ".join(f"{name} ({len(plan.weeks)} weeks)" for name, plan in plans.sound.items())
    return Finding(part="rollout plans", found=told)


def _examine_channels(settings: Settings) -> Iterator[Finding]:
    channels, missing = find_channels(settings)
    for channel in channels:
        yield Finding(part=f"alerts to {channel.name}", found=channel.place)
    for name, fix in missing.items():
        yield Finding(part=f"alerts to {name}", found="no address", fix=fix)
