"""Check the settings of rollouts and alerts: safe defaults, relative paths, and secrets that are never shown."""

import re
from pathlib import Path

import pytest

from pokervod_pipelines.alerts.channels import name_variable, open_channels
from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.rollout.plans import load_plans
from pokervod_pipelines.settings import Settings, load_settings

SECRETS = {
    "POKERVOD_ALERT_OPS": "slack://T0SESAME1/B0SESAME2/xYzSesameOpensTheDoor",
    "POKERVOD_ALERT_OPS_MAIL": "mailtos://eva:sesame44@mail.example.org",
    "POKERVOD_HOOK_SEARCH": "sesame-hook-token",
}
CHANNELS = "alerts: {channels: [{name: ops}, {name: ops-mail, min_severity: critical}]}"


def load(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "pokervod.yaml").write_text(text, encoding="utf-8")
    return load_settings(environ, folder)


def test_by_default_the_shipped_plan_is_used_and_no_program_may_run(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)

    assert settings.rollout.plans == ()
    assert (settings.rollout.attempts, settings.rollout.wait_seconds) == (None, None)
    assert (settings.rollout.allow_commands, settings.rollout.programs) == (False, ())
    assert settings.rollout.fixers.kinds == {"apply_migrations", "rerun_tests"}
    assert (dict(settings.rollout.fixers.commands), settings.rollout.fixers.units) == ({}, frozenset())
    assert (settings.alerts.channels, settings.alert_urls, settings.hook_tokens) == ((), {}, {})


def test_paths_are_relative_to_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    text = "rollout: {plans: [a.yaml, /srv/b.yaml], folder: work, pages: share/pages}"
    (tmp_path / "conf" / "pokervod.yaml").write_text(text, encoding="utf-8")
    rollout = load_settings({"POKERVOD_CONFIG": "conf/pokervod.yaml"}, tmp_path).rollout

    assert rollout.plans == (tmp_path / "conf/a.yaml", Path("/srv/b.yaml"))
    assert (rollout.folder, rollout.pages) == (tmp_path / "conf/work", tmp_path / "conf/share/pages")


def test_the_values_of_the_file_are_used(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        rollout:
          services: {search: {address: "http://10.0.0.5:8080", owner: Kim}}
          attempts: 2
          wait_seconds: 0
          fixers: {kinds: [restart_service], units: [search.service], commands: {tests: [pytest, -q]}}
        alerts: {channels: [{name: ops}], retry_seconds: 1}
        """,
    )

    assert settings.rollout.services["search"].owner == "Kim"
    assert (settings.rollout.attempts, settings.rollout.wait_seconds) == (2, 0)
    assert settings.rollout.fixers.kinds == {"restart_service"}
    assert settings.rollout.fixers.commands["tests"] == ("pytest", "-q")
    assert [(each.name, each.min_severity) for each in settings.alerts.channels] == [("ops", "warning")]


def test_addresses_of_channels_and_tokens_of_hooks_come_from_the_environment_and_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POKERVOD_ALERT_OPS=console://\nPOKERVOD_HOOK_SEARCH=kept-here\n", encoding="utf-8")
    settings = load(tmp_path, CHANNELS, POKERVOD_ALERT_OPS_MAIL=SECRETS["POKERVOD_ALERT_OPS_MAIL"], OTHER="x")

    channels = open_channels(settings.alerts.channels, settings.alert_urls)
    assert [(each.name, each.shown_address) for each in channels] == [
        ("ops", "console://***"),
        ("ops-mail", "mailtos://mail.example.org"),
    ]
    assert settings.hook_tokens.keys() == {"POKERVOD_HOOK_SEARCH"}
    assert name_variable("ops-mail") == "POKERVOD_ALERT_OPS_MAIL"


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    settings = load(tmp_path, CHANNELS, **SECRETS)

    shown = repr(settings) + str(settings) + settings.model_dump_json() + repr(settings.model_dump())
    assert settings.alert_urls.keys() | settings.hook_tokens.keys() == SECRETS.keys()
    assert "sesame" not in shown.lower()


@pytest.mark.parametrize("text", ["alerts: {channels: 7}", "rollout: {attempts: many}", "alerts: ["])
def test_secrets_are_in_no_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSettings) as refusal:
        load(tmp_path, text, **SECRETS)

    assert "sesame" not in str(refusal.value).lower()


def test_an_invalid_address_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    settings = load(tmp_path, CHANNELS, POKERVOD_ALERT_OPS="sesame-without-scheme")

    with pytest.raises(BadSettings, match="POKERVOD_ALERT_OPS_MAIL") as refusal:
        open_channels(settings.alerts.channels, settings.alert_urls)
    assert "Set POKERVOD_ALERT_OPS in" in str(refusal.value)
    assert "sesame" not in str(refusal.value)


@pytest.mark.parametrize(
    "address", ["eva:sesame@host:8080", "https:/eva:sesame@host", "http://eva:ses#ame@host", "http://eva:ses/ame@host"]
)
def test_an_invalid_address_of_a_service_is_not_shown_where_it_may_be_secret(tmp_path: Path, address: str) -> None:
    settings = load(tmp_path, "", POKERVOD_SERVICE_SEARCH_ADDRESS=address)

    with pytest.raises(BadSettings) as refusal:
        load_plans(settings)

    assert "POKERVOD_SERVICE_SEARCH_ADDRESS: expected an address" in str(refusal.value)
    assert not re.search("eva|sesame|ses|ame@", str(refusal.value))
