"""List all breakers, also of services that never failed, and say which services are not called now."""

from sqlalchemy import Connection, Engine

from pokervod_pipelines.checks import CheckResult, report_part
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.policies.blocks import GuardedService, list_services
from pokervod_pipelines.policies.breaker_store import BreakerState, read_states
from pokervod_pipelines.policies.breakers import describe_open
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.suggestions import suggest_name


def list_breakers(connection: Connection, settings: Settings) -> list[tuple[GuardedService, BreakerState]]:
    """Return every service with its breaker: those of the settings, then others that failed in the past."""
    states = {each.name: each for each in read_states(connection)}
    services = list_services(settings)
    known = {each.name for each in services}
    services += [GuardedService(name=name, title=name) for name in states if name not in known]
    return [(each, states.get(each.name, BreakerState(name=each.name))) for each in services]


def find_breaker(connection: Connection, settings: Settings, name: str) -> GuardedService:
    """Return the service of that name. Raises ``BadInput`` for an unknown one."""
    services = {service.name: service for service, _ in list_breakers(connection, settings)}
    if name not in services:
        raise BadInput(f"unknown breaker {name!r}; {suggest_name(name, services)}")
    return services[name]


def check_breakers(engine: Engine | None, settings: Settings) -> list[CheckResult]:
    """Return a result for each service that is not called, or one that all are; none without the database."""
    if engine is None:
        return []
    with engine.connect() as connection:
        breakers = list_breakers(connection, settings)
    found = [
        report_part(
            f"breaker {service.name}",
            describe_open(service, state, settings.zone),
            "check the service and the way to it; what waits for it is done once it answers",
        )
        for service, state in breakers
        if state.opened_at is not None
    ]
    return found or [report_part("breakers", f"closed: {', '.join(service.name for service, _ in breakers)}")]
