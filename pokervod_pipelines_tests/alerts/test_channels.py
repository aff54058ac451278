"""Read addresses, and never show any part of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from pokervod_pipelines.alerts.channels import Channel, hide_address, open_channels, show_address
from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings.alerts import AlertChannel, AlertSettings


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.slack.com/services/T1/B1/sesame", "https://hooks.slack.com"),
        ("mailtos://eva:sesame@smtp.example.org:465?to=eva@example.org", "mailtos://smtp.example.org"),
        ("json://localhost:8080/sesame", "json://localhost"),
        ("jsons://sesame.token@host.example.org/x", "jsons://host.example.org"),
        ("slack://TSESAME/BSESAME/sesame", "slack://***"),
        ("discord://123/sesame", "discord://***"),
        ("tgram://123:sesame/456", "tgram://***"),
        ("mailto://eva:ses/ame@smtp.example.org", "mailto://***"),
        ("mailto://eva:ses@ame@smtp.example.org", "mailto://***"),
        ("json://host.one/x@host.two", "json://***"),
        ("json://[sesame", "json://***"),
        ("console://", "console://***"),
    ],
)
def test_only_what_is_not_secret_of_an_address_is_shown(url: str, shown: str) -> None:
    assert show_address(url) == shown
    assert "sesame" not in show_address(url).lower()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Max retries: /services/T1ONE/B2TWO/sesame", "Max retries: /***/***/***/***"),
        ("535 bad password for SESAME", "535 bad password for ***"),
        ("https://hooks.slack.com/services/T1ONE/B2TWO/sesame: 404", "https://hooks.slack.com: 404"),
        ("host='hooks.slack.com', port=443", "host='hooks.slack.com', port=443"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_every_piece_is_taken_out_of_a_text(text: str, hidden: str) -> None:
    assert hide_address(text, "https://hooks.slack.com/services/T1ONE/B2TWO/sesame") == hidden


SECRETS = st.text(alphabet="abcXYZ0123456789_-+%40!", min_size=6, max_size=24).filter(lambda text: not text.isdigit())
SHAPES = [
    "https://hooks.slack.com/services/T1/B1/{}",
    "slack://{}/B1/C1",
    "mailto://eva:{}@smtp.example.org",
    "mailto://{}:pass@smtp.example.org?to=x@example.org",
    "json://host.example.org/hook?token={}",
    "ntfy://{}@host.example.org/topic",
]


@given(secret=SECRETS, shape=st.sampled_from(SHAPES), before=st.text(max_size=9), after=st.text(max_size=9))
def test_no_secret_of_any_address_survives(secret: str, shape: str, before: str, after: str) -> None:
    url = shape.format(secret)

    assert secret not in hide_address(f"{before}{secret}{after} {url}", url)
    assert secret not in show_address(url)


def test_a_channel_shows_no_secret_of_itself() -> None:
    channel = Channel(name="slack", url=SecretStr("https://hooks.slack.com/services/T1/B1/sesame"))

    assert "sesame" not in f"{channel} {channel!r} {channel.shown_address}"


def test_addresses_come_from_the_environment() -> None:
    configured = [AlertChannel(name="ops-mail"), AlertChannel(name="slack")]
    environ = {"POKERVOD_ALERT_OPS_MAIL": SecretStr("console://"), "POKERVOD_ALERT_SLACK": " json://host/sesame\n"}

    mail, slack = open_channels(configured, environ)

    assert mail.is_console
    assert not slack.is_console
    assert slack.url.get_secret_value() == "json://host/sesame"


@pytest.mark.parametrize("value", [None, "", "sesame"])
def test_a_missing_address_names_its_variable_and_no_secret(value: str | None) -> None:
    with pytest.raises(BadSettings, match="Set POKERVOD_ALERT_SLACK in the environment") as caught:
        open_channels([AlertChannel(name="slack")], {} if value is None else {"POKERVOD_ALERT_SLACK": value})

    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ([{"name": "a"}, {"name": "a"}], "POKERVOD_ALERT_A"),
        ([{"name": "a-b"}, {"name": "A_b"}], "POKERVOD_ALERT_A_B"),
        ([{"name": "a", "min_severity": "urgent"}], "min_severity"),
        ([{"name": "a", "url": "json://sesame"}], "url"),
        ([{"name": "a", "endpoint": "http://eva:sesame@host"}], "endpoint"),
    ],
)
def test_settings_that_cannot_hold_are_refused(channels: list[dict[str, str]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AlertSettings.model_validate({"channels": channels})
