"""Load the plans of the settings, and check for ``pokervod doctor`` that rollouts and alerts are configured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from pokervod_pipelines.alerts.channels import find_channels
from pokervod_pipelines.checks import CheckResult, report_part
from pokervod_pipelines.errors import BadInput, BadSettings, PokervodError
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.plan_file import BadPlan, load_plan
from pokervod_pipelines.rollout.services import SERVICE_VARIABLE, AddressKind, show_address
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.settings.rollout import RolloutService

_FIX = "correct the lines named; see docs/rollout.md"


@dataclass(frozen=True, slots=True)
class LoadedPlans:
    """Hold the valid plans of the settings by name and in order, and what is wrong with the others."""

    valid: Mapping[str, RolloutPlan]
    broken: tuple[BadPlan, ...]


def load_plans(settings: Settings) -> LoadedPlans:
    """Return all plans. Raises ``BadSettings`` for a service of the settings that no plan could use."""
    services = _read_services(settings)
    valid: dict[str, RolloutPlan] = {}
    broken: list[BadPlan] = []
    for at, path in enumerate(settings.rollout.plans or (None,)):
        folder = (settings.rollout.folder or Path.cwd()) if path is None else None
        try:
            plan = load_plan(path, settings.rollout, folder=folder, services=services)
            if plan.name in {*valid, *(each.name for each in broken)}:
                raise BadPlan(f"{plan.source}: another plan has the name {plan.name!r}; rename one", plan.name)  # noqa: TRY301
        except BadPlan as error:
            broken.append(error)
        else:
            valid[plan.name] = plan.model_copy(update={"is_first": at == 0})
    return LoadedPlans(valid, tuple(broken))


def find_plan(settings: Settings, name: str | None = None) -> RolloutPlan:
    """Return the plan of that name, or the first. Raises ``BadInput`` with its problems or the known names."""
    plans = load_plans(settings)
    for plan in plans.valid.values():
        if plan.name == name or (name is None and plan.is_first):
            return plan
    problems = plans.broken[:1] if name is None else [each for each in plans.broken if each.name in {name, None}]
    if problems:
        raise BadPlan("\n".join(map(str, problems)), name)
    raise BadInput(f"unknown plan {name!r}; known are {', '.join(plans.valid)}")


def check_rollouts(folder: Path | None = None) -> list[CheckResult]:
    """Return a result for the plans and one for each channel; none for invalid settings, which doctor reports."""
    try:
        settings = load_settings(folder=folder)
    except PokervodError:
        return []
    return [_check_plans(settings), *_check_channels(settings)]


def _read_services(settings: Settings) -> dict[str, RolloutService]:
    services = dict(settings.rollout.services)
    for variable, secret in settings.service_addresses.items():
        name, _, kind = variable.removeprefix(SERVICE_VARIABLE).lower().rpartition("_")
        if not name or kind not in get_args(AddressKind):
            raise BadSettings(f"{variable}: expected {SERVICE_VARIABLE}<SERVICE>_ADDRESS, _MOCK or _PRODUCTION")
        address = secret.get_secret_value().rstrip("/")
        try:
            RolloutService.model_validate({kind: show_address(address)})
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            raise BadSettings(f"{variable}: {problem['msg'].removeprefix('Value error, ')}") from None
        services[name] = services.get(name, RolloutService()).model_copy(update={kind: address})
    return services


def _check_plans(settings: Settings) -> CheckResult:
    try:
        plans = load_plans(settings)
    except PokervodError as error:
        return report_part("rollout plans", str(error), _FIX)
    if plans.broken:
        return report_part("rollout plans", "\n".join(map(str, plans.broken)), _FIX)
    found = ", ".join(f"{name} ({len(plan.weeks)} weeks)" for name, plan in plans.valid.items())
    return report_part("rollout plans", found)


def _check_channels(settings: Settings) -> Iterator[CheckResult]:
    channels, missing = find_channels(settings)
    for channel in channels:
        yield report_part(f"alerts to {channel.name}", channel.shown_address)
    for name, fix in missing.items():
        yield report_part(f"alerts to {name}", "no address", fix)
