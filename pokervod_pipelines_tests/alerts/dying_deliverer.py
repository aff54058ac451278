"""Deliver, and be killed as by ``kill -9`` at a given moment of the first delivery."""

import os
import signal
import sys
from datetime import datetime

from pydantic import SecretStr

from pokervod_pipelines.alerts.channels import Channel
from pokervod_pipelines.alerts.delivery import deliver_pending
from pokervod_pipelines.alerts.message import Message
from pokervod_pipelines.alerts.sending import SendFailure
from pokervod_pipelines.alerts.transport import ServiceTransport
from pokervod_pipelines.db.engine import make_engine


class DyingTransport(ServiceTransport):
    """Die at the moment that is named on the command line."""

    def prepare(self, message: Message) -> SendFailure | None:
        self._die_at("claimed")
        failure = super().prepare(message)
        self._die_at("ready")
        return failure

    def send(self) -> SendFailure | None:
        self._die_at("sending")
        failure = super().send()
        self._die_at("sent")
        return failure

    def _die_at(self, moment: str) -> None:
        if moment == sys.argv[4]:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    url, hook, now = sys.argv[1:4]
    channels = [Channel(name="web", url=SecretStr(hook))]
    deliver_pending(make_engine(url), channels, now=datetime.fromisoformat(now), open_channel=DyingTransport)
