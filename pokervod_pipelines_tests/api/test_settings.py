"""Administrators see the settings in force, and no secret is among them."""

from pydantic import SecretStr

from pokervod_pipelines.api.routes.settings import find_changes, show_settings
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.api.serving import ADMIN, OPERATOR, Served

HOOK = "https://ana:wordpass99@hooks.example/T0/B1?token=queryword"

SECRETS = {
    "database_url": "postgresql://pokervod:wordpass99@db/pokervod",
    "admin_password": "wordpass99wordpass99",
    "alert_urls": {"POKERVOD_ALERT_STUDIO": HOOK},
    "hook_tokens": {"POKERVOD_HOOK_NAS": "hooktoken123"},
    "service_addresses": {"POKERVOD_SERVICE_SEARCH_ADDRESS": HOOK},
    "rollout": {"services": {"search": {"address": "https://search.example:8443"}}},
    "monitoring": {"hooks": {"restart": {"worker": ["/bin/call", "hooktoken123"]}}},
}


def make_settings(**values: object) -> Settings:
    return Settings.model_validate({"home": "/srv/pokervod", **values})


def test_no_secret_is_shown() -> None:
    shown = str(show_settings(make_settings(**SECRETS)))

    assert [word for word in ("wordpass99", "queryword", "hooktoken123") if word in shown] == []
    assert "search.example" in shown


def test_what_differs_needs_a_restart_also_a_secret() -> None:
    before = make_settings(admin_password="wordpass99wordpass99")
    now = make_settings(admin_password="wordpass99wordpass00", api={"session_hours": 24})

    assert find_changes(before, before) == []
    assert find_changes(before, now) == ["admin_password", "api.session_hours"]
    assert isinstance(now.admin_password, SecretStr)


def test_only_administrators_see_them(api: Served) -> None:
    assert api.get("/api/settings", OPERATOR).status_code == 403
    found = api.read("/api/settings", ADMIN)
    assert found["settings"]["api"]["broadcast_delay_minutes"] == 30
    assert api.settings.database_url is not None
    assert api.settings.database_url.get_secret_value() not in str(found)
