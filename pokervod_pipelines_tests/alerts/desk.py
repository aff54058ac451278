"""A desk to raise alerts at and have them delivered, with the time in our hands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, text

from pokervod_pipelines.alerts.alert import Alert, Severity
from pokervod_pipelines.alerts.channels import Channel
from pokervod_pipelines.alerts.delivery import DeliveryReport, deliver_pending
from pokervod_pipelines.alerts.listing import ListedAlert, list_alerts
from pokervod_pipelines.alerts.message import Message
from pokervod_pipelines.alerts.raising import Raised, acknowledge, raise_alert, resolve_alert
from pokervod_pipelines.alerts.transport import Fault, OpenTransport, open_transport
from pokervod_pipelines.settings.rooms import AlertChannel, AlertSettings
from pokervod_pipelines_tests.alerts.servers import SLACK_TOKENS, HookServer, MailServer

START = datetime(2031, 5, 4, 9, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class Desk:
    """A database, channels, and a clock that only ``wait`` moves."""

    engine: Engine
    now: datetime = START
    limits: AlertSettings = field(default_factory=AlertSettings)
    configured: list[AlertChannel] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)

    def clear(self) -> None:
        self.execute("truncate alerts, alert_deliveries, events restart identity")

    def execute(self, sql: str, **parameters: Any) -> list[Any]:
        with self.engine.begin() as connection:
            result = connection.execute(text(sql), parameters)
            return list(result.all()) if result.returns_rows else []

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def open(self, name: str, url: str, *, min_severity: str = "info", endpoint: str | None = None) -> Channel:
        configured = AlertChannel.model_validate({"name": name, "min_severity": min_severity, "endpoint": endpoint})
        self.configured.append(configured)
        self.channels.append(Channel(name=name, url=SecretStr(url), endpoint=configured.endpoint))
        return self.channels[-1]

    def open_slack(self, hook: HookServer, name: str = "slack") -> Channel:
        return self.open(name, f"https://hooks.slack.com/services/{SLACK_TOKENS}", endpoint=hook.endpoint)

    def open_mail(self, mail: MailServer, name: str = "mail") -> Channel:
        return self.open(name, f"mailto://127.0.0.1:{mail.port}?from=pokervod@example.org&to=eva@example.org")

    def open_webhook(self, hook: HookServer, name: str = "web") -> Channel:
        return self.open(name, f"json://127.0.0.1:{hook.port}/hooks/sesame")

    def raise_one(self, key: str = "week 4", severity: str = "critical", **said: Any) -> Raised:
        alert = Alert(key=key, severity=Severity(severity), **({"title": f"{key} failed"} | said))
        with self.engine.begin() as connection:
            return raise_alert(connection, alert, self.configured, now=self.now)

    def resolve(self, key: str = "week 4") -> bool:
        with self.engine.begin() as connection:
            return resolve_alert(connection, key, by="eva", reason="mended", now=self.now)

    def acknowledge(self, key: str = "week 4") -> bool:
        with self.engine.begin() as connection:
            return acknowledge(connection, key, by="eva", reason="I look at it", now=self.now)

    def deliver(self, open_way: OpenTransport = open_transport) -> DeliveryReport:
        return deliver_pending(self.engine, self.channels, now=self.now, limits=self.limits, open_way=open_way)

    def listed(self, **wanted: Any) -> list[ListedAlert]:
        with self.engine.connect() as connection:
            return list_alerts(connection, **wanted)

    def rows(self) -> list[Any]:
        """Every delivery, in order."""
        return self.execute("select * from alert_deliveries order by created_at, alert_id, severity, channel")

    def states(self) -> list[tuple[str, str]]:
        return [(row.channel, row.state) for row in self.rows()]

    def events(self) -> list[str]:
        return [row[0] for row in self.execute("select type from events where source = 'alerts' order by id")]


@dataclass
class Letterbox:
    """Channels in memory: what each was sent, and which are down."""

    sent: list[tuple[str, Message]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    before_send: Callable[[Message], object] | None = None
    after_send: Callable[[], object] | None = None

    def open_way(self, channel: Channel, seconds: float) -> "Slot":
        return Slot(self, channel.name)


@dataclass
class Slot:
    """The way to one of them."""

    box: Letterbox
    channel: str
    message: Message | None = None

    def prepare(self, message: Message) -> Fault | None:
        self.message = message
        return None

    def send(self) -> Fault | None:
        assert self.message is not None
        if self.box.before_send:
            self.box.before_send(self.message)
        if self.channel in self.box.down:
            return Fault(reason="it is down", doubt=False)
        self.box.sent.append((self.channel, self.message))
        if self.box.after_send:
            self.box.after_send()
        return None

    def close(self) -> None:
        pass
