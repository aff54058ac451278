"""Call ``sender`` in a child process. Only the child loads apprise, and nothing heavy is imported here."""

from dataclasses import dataclass

from pokervod_pipelines.alerts.message import Message
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.processes.supervised import ChildProgram

PROGRAM = ChildProgram(name="alert sender", modules=("pokervod_pipelines.alerts.sender",))


class BadAddress(BadInput):
    """Report an address that cannot be used; the text says why, without the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailure:
    """Tell why a message was not sent, or that it was not acknowledged and may have been delivered all the same.

    ``is_away`` blames the service: it gave no answer, or only that it cannot. A refusal is an answer.
    """

    reason: str
    may_have_been_delivered: bool
    is_away: bool = False


def prepare_message(url: str, endpoint: str | None, message: Message) -> None:
    """Make everything ready in the child; nothing is sent yet. Raises ``BadAddress``."""
    from pokervod_pipelines.alerts import sender  # noqa: PLC0415 - loads apprise

    sender.prepare(url, endpoint, message)


def send_prepared() -> SendFailure | None:
    """Send the message that was prepared in this child; return why it was not sent, or None."""
    from pokervod_pipelines.alerts import sender  # noqa: PLC0415 - loads apprise

    return sender.send_prepared()
