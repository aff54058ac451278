"""Post alerts, open incidents, and have their messages delivered, with a clock of our own."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.channels import Channel
from pokervod_pipelines.alerts.delivery import DeliveryReport, deliver_pending
from pokervod_pipelines.alerts.listing import ListedAlert, list_alerts
from pokervod_pipelines.alerts.message import Message
from pokervod_pipelines.alerts.posting import post_alert
from pokervod_pipelines.alerts.sending import PROGRAM, SendFailure
from pokervod_pipelines.alerts.transport import OpenTransport, ServiceTransport, Transport, open_transport
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.monitoring.incidents.announcing import announce_all
from pokervod_pipelines.monitoring.incidents.listing import find_open
from pokervod_pipelines.monitoring.incidents.reported import close_reported, report_finding
from pokervod_pipelines.monitoring.incidents.shape import Finding, Subject, SubjectKind
from pokervod_pipelines.paging import Page
from pokervod_pipelines.processes.supervised import SupervisedChild
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.alerts import AlertChannel, AlertSettings
from pokervod_pipelines_tests.alerts.servers import SLACK_TOKENS, HookServer, MailServer

START = datetime(2031, 5, 4, 9, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class Outbox:
    """Hold a database, channels, and a clock that only ``wait`` moves."""

    engine: Engine
    base: Settings
    now: datetime = START
    limits: AlertSettings = field(default_factory=AlertSettings)
    configured: list[AlertChannel] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    open_channel: OpenTransport = open_transport

    def clear(self) -> None:
        self.execute("truncate monitoring_events, alerts, alert_deliveries restart identity cascade")

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

    @property
    def settings(self) -> Settings:
        """Return the settings with these channels."""
        alerts = AlertSettings.model_validate(self.limits.model_dump(by_alias=True) | {"channels": self.configured})
        return self.base.model_copy(update={"alerts": alerts})

    def raise_one(self, key: str = "week 4", severity: str = "critical", **fields: Any) -> bool:
        """Post a message that is of no incident."""
        alert = Alert(key=key, severity=AlertSeverity(severity), **({"title": f"{key} failed"} | fields))
        with self.engine.begin() as connection:
            return post_alert(connection, alert, self.configured, now=self.now)

    def find(self, name: str = "nas", severity: str = "critical", **fields: Any) -> str | None:
        """Report a finding and announce it, as its detector does; return what became of the incident."""
        change = self.report(name, severity, **fields)
        self.announce()
        return change

    def report(self, name: str = "nas", severity: str = "critical", **fields: Any) -> str | None:
        """Report a finding, of which nobody is told yet."""
        finding, rules = make_finding(name, severity, **fields), self.base.monitoring.incidents
        with self.engine.begin() as connection:
            change = report_finding(connection, finding, rules, now=self.now)
        return change and change.type.value.rpartition(".")[2]

    def end(self, name: str = "nas") -> None:
        """Say that what was found is over."""
        actor = Actor(who="root_away", reason="it is not found any more")
        with self.engine.begin() as connection:
            close_reported(connection, [make_finding(name).key], actor=actor, now=self.now)
        self.announce()

    def decide(self, decide: Callable[..., object], name: str = "nas", **values: Any) -> None:
        """Let eva decide about the open incident."""
        with self.engine.begin() as connection:
            number = find_open(connection, make_finding(name).key)
            assert number is not None
            decide(connection, number, actor=Actor(who="eva", reason="on it"), **values)
        self.announce()

    def acknowledge(self, name: str = "nas") -> None:
        self.decide(lifecycle.acknowledge, name, now=self.now)

    def mute(self, name: str = "nas", **span: float) -> None:
        self.decide(lifecycle.mute, name, until=self.now + timedelta(**span), now=self.now)

    def announce(self) -> int:
        """Post what has become due, as the sensor does."""
        return announce_all(self.engine, self.settings, now=self.now)

    def deliver(self, open_channel: OpenTransport | None = None) -> DeliveryReport:
        opener = open_channel or self.open_channel
        return deliver_pending(self.engine, self.channels, now=self.now, limits=self.limits, open_channel=opener)

    def listed(self, *, is_open: bool | None = None, limit: int = 100) -> list[ListedAlert]:
        with self.engine.connect() as connection:
            return list_alerts(connection, is_open=is_open, page=Page(limit=limit))

    def rows(self) -> list[Any]:
        """Return every delivery, in order."""
        return self.execute("select * from alert_deliveries order by created_at, alert_id, severity, channel")

    def states(self) -> list[tuple[str, str]]:
        return [(row.channel, row.state) for row in self.rows()]

    def events(self) -> list[str]:
        return [row[0] for row in self.execute("select type from events where source = 'alerts' order by id")]


def make_finding(name: str = "nas", severity: str = "critical", **fields: Any) -> Finding:
    """Return the finding that an archive root is away."""
    given = {"detector": "root_away", "summary": f"root {name} is away", "advice": "mount it"} | fields
    subject = Subject(kind=SubjectKind.ROOT, name=name)
    return Finding(subject=subject, severity=AlertSeverity(severity), **given)


class WarmSenders:
    """Open channels as the product does, with child processes that are kept for the next test."""

    def __init__(self) -> None:
        self.children: list[SupervisedChild] = []
        self.idle: list[SupervisedChild] = []

    def __call__(self, channel: Channel, seconds: float) -> Transport:
        return open_transport(channel, seconds) if channel.is_console else WarmTransport(self, channel, seconds)

    def take(self) -> SupervisedChild:
        with suppress(IndexError):  # channels are opened in threads
            child = self.idle.pop()
            child.ask(forget_pauses)
            return child
        child = SupervisedChild(PROGRAM)
        self.children.append(child)
        return child

    def close(self) -> None:
        for child in self.children:
            child.close()


def forget_pauses() -> None:
    """Make a child as ready to send as a new one."""
    from pokervod_pipelines.alerts import sender

    sender._free_at.clear()


class WarmTransport(ServiceTransport):
    """Give the child back instead of closing it."""

    def __init__(self, senders: WarmSenders, channel: Channel, seconds: float) -> None:
        super().__init__(channel, seconds, senders.take())
        self.senders = senders

    def close(self) -> None:
        self.senders.idle.append(self._child)


@dataclass
class FakeChannels:
    """Hold channels in memory: what each was sent, and which are down."""

    sent: list[tuple[str, Message]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    before_send: Callable[[Message], object] | None = None
    after_send: Callable[[], object] | None = None

    def open_channel(self, channel: Channel, seconds: float) -> "FakeTransport":
        return FakeTransport(self, channel.name)


@dataclass
class FakeTransport:
    """Send to one of them."""

    box: FakeChannels
    channel: str
    message: Message | None = None

    def prepare(self, message: Message) -> SendFailure | None:
        self.message = message
        return None

    def send(self) -> SendFailure | None:
        assert self.message is not None
        if self.box.before_send:
            self.box.before_send(self.message)
        if self.channel in self.box.down:
            return SendFailure(reason="it is down", may_have_been_delivered=False)
        self.box.sent.append((self.channel, self.message))
        if self.box.after_send:
            self.box.after_send()
        return None

    def close(self) -> None:
        pass
