"""Open channels, and hide their addresses.

The address of a notification service is a password: no message, log, event or table contains it. What may be shown of
it is decided here and nowhere else.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from pydantic import SecretStr

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.alerts import AlertChannel

CONSOLE = "console"
HIDDEN = "***"

WITH_HOST = frozenset(
    {"http", "https", "mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms", "mmost", "mmosts"}
    | {"rocket", "rockets", "ntfy", "ntfys", "gotify", "gotifys", "matrix", "matrixs", "rsyslog"}
)
"""Schemes whose host is a host; in others, such as ``slack://``, it is a token."""

_AUTHORITY = re.compile(r"([^@]*@)?(?P<host>localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)(:\d{1,5})?")
_WHOLE_WORD = 4
"""Pieces shorter than this are hidden only as whole words, or they would spoil every text."""

_SHORTEST = 3
"""Pieces shorter than this are not secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Name a channel and its apprise address; ``console://`` is the error output of this process."""

    name: str
    url: SecretStr
    endpoint: str | None = None

    @property
    def shown_address(self) -> str:
        """Return what may be shown of the address: its scheme and, unless secret, its host."""
        return show_address(self.url.get_secret_value())

    @property
    def is_console(self) -> bool:
        """Return whether the channel is this process's error output."""
        return self.url.get_secret_value().partition(":")[0].strip().lower() == CONSOLE

    def hide(self, text: str) -> str:
        """Return the text with every piece of the address replaced."""
        return hide_address(text, self.url.get_secret_value())


def name_variable(channel: str) -> str:
    """Return the environment variable with the channel's address.

    >>> name_variable("ops-mail")
    'POKERVOD_ALERT_OPS_MAIL'
    """
    return f"POKERVOD_ALERT_{channel.upper().replace('-', '_')}"


def open_channels(configured: Iterable[AlertChannel], environ: Mapping[str, str | SecretStr]) -> tuple[Channel, ...]:
    """Return each channel with its address from the environment. ``BadSettings`` names the missing variables."""
    channels, missing = [], []
    for each in configured:
        value = environ.get(name_variable(each.name), "")
        url = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not re.match(r"\s*[A-Za-z][A-Za-z0-9]*://", url):
            missing.append(
                f"alerts.channels: channel {each.name!r} has no address. Set {name_variable(each.name)} "
                "in the environment or in .env to a URL such as https://hooks.slack.com/services/… or mailtos://…"
            )
        channels.append(Channel(name=each.name, url=SecretStr(url.strip()), endpoint=each.endpoint))
    if missing:
        raise BadSettings("\n".join(missing))
    return tuple(channels)


def find_channels(settings: Settings) -> tuple[list[Channel], dict[str, str]]:
    """Return the channels that have an address, and by name what to do about the others."""
    channels: list[Channel] = []
    missing: dict[str, str] = {}
    for each in settings.alerts.channels:
        try:
            channels += open_channels([each], settings.alert_urls)
        except BadSettings as error:
            missing[each.name] = str(error)
    return channels, missing


def show_address(url: str) -> str:
    """Return scheme and host, or the scheme alone where the host is anything but a plain host name.

    >>> show_address("https://hooks.slack.com/services/T1/B1/secret"), show_address("slack://T1/B1/secret")
    ('https://hooks.slack.com', 'slack://***')
    """
    host = _find_host(url)
    return f"{url.partition('://')[0]}://{host or HIDDEN}"


def hide_address(text: str, url: str) -> str:
    """Return the text without the URL and without any of its pieces: user, password, path, query; the host stays.

    >>> hide_address("POST /services/T01/B01/sesame failed", "https://hooks.slack.com/services/T01/B01/sesame")
    'POST /***/***/***/*** failed'
    """
    text = text.replace(url, show_address(url))
    for piece in sorted(_find_pieces(url), key=len, reverse=True):
        if len(piece) >= _WHOLE_WORD:
            text = re.sub(re.escape(piece), HIDDEN, text, flags=re.IGNORECASE)
        else:
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(piece)}(?![A-Za-z0-9])", HIDDEN, text)
    return text


def _find_host(url: str) -> str | None:
    """Return the host; None if it may be a part of a password in which ``/`` or ``@`` is not quoted."""
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path = re.split(r"[?#]", rest, maxsplit=1)[0].removeprefix(authority)
    found = _AUTHORITY.fullmatch(authority)
    return found["host"] if found and "@" not in path and scheme.lower() in WITH_HOST else None


def _find_pieces(url: str) -> set[str]:
    rest = url.partition("://")[2]
    shown = _find_host(url)
    raw = {rest, *re.split(r"[/@?&=#:;,]", rest), *(value for _, value in parse_qsl(rest.partition("?")[2]))}
    names = {key for key, _ in parse_qsl(rest.partition("?")[2], keep_blank_values=True)}
    pieces = raw | {unquote(piece) for piece in raw}
    return {each for each in pieces if _may_be_secret(each) and each not in names and each != shown}


def _may_be_secret(piece: str) -> bool:
    is_port = piece.isdigit() and len(piece) <= 5
    return len(piece) >= _SHORTEST and not is_port
