"""Define the faults of a call between two machines, and storms of them."""

import random
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from pokervod_pipelines_tests.google.answers import CONSUMER, HTML, Refused, refuse, refuse_quota, refuse_token


@dataclass(frozen=True, slots=True)
class Call:
    """Record one request as the emulator saw it; ``status`` 0 means that no answer was sent."""

    method: str
    kind: str
    at: datetime
    spreadsheet_id: str = ""
    status: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Describe what happens to one call; ``executed`` faults strike after the work was done."""

    name: str
    status: int = 0
    retry_after: int | None = None
    html: bool = False
    executed: bool = False
    message: str = ""
    reason: str = ""

    def after_execution(self) -> "Fault":
        """Return the same fault, striking after the work was done: the client cannot know."""
        return replace(self, executed=True)

    def refusal(self, call: Call) -> Refused:
        """Return what the client is told, if it is told anything."""
        drive, code = call.kind.startswith("drive."), self.status
        if self.html:
            return Refused(code, HTML.format(code=code))
        if self.name == "dead_token":
            return refuse_token(drive=drive)
        if self.message:
            return self._quote(drive=drive)
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if call.kind == "token":
            body = {"error": "temporarily_unavailable", "error_description": f"Error {code}"}
            return Refused(code, body, headers)
        refusal = refuse(code, MESSAGES.get(code, "Error"), drive=drive)
        if code == 429 and not drive:
            refusal = refuse_quota("Read" if call.method == "GET" else "Write")
        refusal.headers.update(headers)
        return refusal

    def _quote(self, *, drive: bool) -> Refused:
        """Return the refusal with these words.

        Reasons in capitals come from the front of all services, as a detail; Drive adds its own list of errors.
        """
        service, title = ("drive", "Google Drive") if drive else ("sheets", "Google Sheets")
        message = self.message.format(service=service, title=title, project=CONSUMER)
        detail = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": self.reason,
            "domain": "googleapis.com",
            "metadata": {"service": f"{service}.googleapis.com", "consumer": f"projects/{CONSUMER}"},
        }
        refusal = refuse(self.status, message, drive=drive, details=[detail] if self.reason.isupper() else None)
        if drive and self.reason:
            domain, reason = DRIVE_REASONS.get(self.reason, ("global", self.reason))
            refusal.body["error"]["errors"] = [{"message": message, "domain": domain, "reason": reason}]
        return refusal


DRIVE_REASONS = {
    "SERVICE_DISABLED": ("usageLimits", "accessNotConfigured"),
    "CONSUMER_SUSPENDED": ("global", "forbidden"),
}
"""Domain and reason that Drive gives beside a reason of the front."""

MESSAGES = {
    429: "Rate Limit Exceeded",
    500: "Internal error encountered.",
    502: "Bad Gateway",
    503: "The service is currently unavailable.",
}

HANG = Fault("hang")
"""Nothing is answered until the client gives up or the emulator stops."""

RESET = Fault("reset")
"""The connection is closed with a TCP reset, without a word."""

TRUNCATE = Fault("truncate", 200, executed=True)
"""The work is done, the full length announced, half of the answer sent."""

GARBAGE = Fault("garbage", 200, html=True)
"""A page of HTML with status 200, as a proxy or a login wall sends it."""

DEAD_TOKEN = Fault("dead_token", 401)
"""The caller's token is dead from now on."""


def quoted(status: int, message: str, reason: str = "") -> Fault:
    """Return a refusal in these words, for whatever Google may say; what stands in braces is filled in."""
    return Fault("quoted", status, message=message, reason=reason)


API_DISABLED = quoted(
    403,
    "{title} API has not been used in project {project} before or it is disabled. Enable it by visiting "
    "https://console.developers.google.com/apis/api/{service}.googleapis.com/overview?project={project} then retry. "
    "If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
    "SERVICE_DISABLED",
)
SUSPENDED = quoted(
    403, "Permission denied: Consumer 'project_number:{project}' has been suspended.", "CONSUMER_SUSPENDED"
)
DOMAIN_POLICY = quoted(403, "The domain administrators have disabled Drive apps.", "domainPolicy")
"""What Drive says where the company allows no programs."""


def refuse_rate(*, retry_after: int | None = None) -> Fault:
    """Return a 429, with a Retry-After header if seconds are given."""
    return Fault("refuse", 429, retry_after=retry_after)


def broken(status: int = 503, *, html: bool = False, retry_after: int | None = None) -> Fault:
    """Return a 500, 502 or 503, in JSON or as the HTML page that Google's front end sends."""
    return Fault("broken", status, html=html, retry_after=retry_after)


STORM = (
    refuse_rate(),
    refuse_rate(retry_after=5),
    broken(500),
    broken(502, html=True),
    broken(503),
    broken(503).after_execution(),
    RESET,
    RESET.after_execution(),
    TRUNCATE,
    GARBAGE,
    DEAD_TOKEN,
)


def random_storm(
    seed: int, share: float, *, hangs: bool = False, spared: Collection[str] = ("token",)
) -> Callable[[Call], Fault | None]:
    """Return a source that makes this share of calls fail, the same ones for the same seed and order of calls.

    Hangs are left out unless asked for, because each costs the client's whole timeout in real time; the token endpoint
    is spared unless ``spared`` says otherwise, because google-auth itself waits real seconds before it asks again.
    """
    choice, lock = random.Random(seed), threading.Lock()
    faults = (*STORM, HANG) if hangs else STORM

    def decide(call: Call) -> Fault | None:
        with lock:
            strikes, fault = choice.random() < share, choice.choice(faults)
        return fault if strikes and call.kind not in spared else None

    return decide
