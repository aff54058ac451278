"""A deliverer that is killed, as by ``kill -9``, at a given moment of its first delivery."""

import os
import signal
import sys
from datetime import datetime

from pydantic import SecretStr

from pokervod_pipelines.alerts.channels import Channel
from pokervod_pipelines.alerts.delivery import deliver_pending
from pokervod_pipelines.alerts.message import Message
from pokervod_pipelines.alerts.transport import Fault, ServiceTransport
from pokervod_pipelines.db.engine import make_engine


class DyingTransport(ServiceTransport):
    """Dies at the moment that its process was told."""

    def prepare(self, message: Message) -> Fault | None:
        self._die_at("claimed")
        fault = super().prepare(message)
        self._die_at("ready")
        return fault

    def send(self) -> Fault | None:
        self._die_at("sending")
        fault = super().send()
        self._die_at("sent")
        return fault

    def _die_at(self, moment: str) -> None:
        if moment == sys.argv[4]:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    url, hook, now = sys.argv[1:4]
    channels = [Channel(name="web", url=SecretStr(hook))]
    deliver_pending(make_engine(url), channels, now=datetime.fromisoformat(now), open_way=DyingTransport)
