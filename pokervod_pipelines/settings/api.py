"""Define the section ``api`` of ``pokervod.yaml``: how long logins last, and what slows those who guess passwords."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field

from pokervod_pipelines.settings.fields import SettingsModel


def _check_network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        message = f"expected an address such as '10.0.0.5' or a network such as '10.0.0.0/24', got {text!r}"
        raise ValueError(message) from None


Network = Annotated[str, AfterValidator(_check_network)]


class ThrottleSettings(SettingsModel):
    """Decide when failed logins have to wait: each further failure doubles the wait, up to ``max_minutes``."""

    user_failures: int = Field(default=5, ge=1, le=100, description="Of one user; the next one has to wait.")
    address_failures: int = Field(default=20, ge=1, le=10_000, description="Of one address; the next one has to wait.")
    first_seconds: float = Field(default=2.0, gt=0, le=3600, description="The first wait.")
    max_minutes: float = Field(default=15.0, gt=0, le=1440, description="The longest wait.")
    forget_hours: float = Field(default=24.0, gt=0, le=720, description="Failures are forgotten after so long without.")


class DagsterUiSettings(SettingsModel):
    """Decide whether Dagster's UI is behind the login, and how long its webservers run for nobody."""

    enabled: bool = Field(default=True, description="Whether Dagster's UI is at /dagster, behind the login.")
    start_seconds: float = Field(default=60.0, gt=0, le=600, description="Limit of the start of its webserver.")
    idle_minutes: float = Field(default=15.0, gt=0, le=1440, description="A webserver unused for so long is stopped.")


class StreamSettings(SettingsModel):
    """Limit how many streams are open at once; whoever comes later is told to come again."""

    limit: int = Field(default=300, ge=1, le=500, description="Of all users, in one process.")
    limit_per_user: int = Field(default=40, ge=1, le=500, description="Of one user, their keys included.")


class ApiSettings(SettingsModel):
    """Decide how long a login lasts, and for how long hole cards are for operators only."""

    broadcast_delay_minutes: float = Field(
        default=30.0, ge=0, le=10_080, description="So long only operators see the hole cards of a hand."
    )
    session_idle_hours: float = Field(default=12.0, gt=0, le=720, description="A session unused for so long ends.")
    session_hours: float = Field(default=168.0, gt=0, le=8760, description="A session ends so long after its login.")
    verified_seconds: float = Field(
        default=60.0, ge=0, le=600, description="A password sent with each request is hashed again after so long."
    )
    trusted_proxies: tuple[Network, ...] = Field(
        default=(), description="Proxies whose word counts on who asks, and whether by TLS; headers of others do not."
    )
    login_without_tls: bool = Field(
        default=False, description="Let people log in over plain HTTP from other machines, where passwords can be read."
    )
    throttle: ThrottleSettings = ThrottleSettings()
    streams: StreamSettings = StreamSettings()
    dagster: DagsterUiSettings = DagsterUiSettings()
