"""Announce, and be killed as by ``kill -9`` just before the commit."""

import os
import signal
import sys
import tempfile
from datetime import datetime

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.monitoring.incidents.announcing import announce
from pokervod_pipelines.settings import Settings

if __name__ == "__main__":
    url, now = sys.argv[1:3]
    settings = Settings.model_validate({"home": tempfile.gettempdir(), "alerts": {"channels": [{"name": "web"}]}})
    with make_engine(url).begin() as connection:
        if announce(connection, settings, now=datetime.fromisoformat(now)) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
