"""Print the number and the moment of each event that is handled. Arguments: the database's URL, the consumer's name.

The name ``raw`` prints the same of bare notifications, without the log.
"""

import sys
import time

import psycopg
from sqlalchemy import make_url

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.events import EventType, subscribe
from pokervod_pipelines.events.subscriptions import Delivery


def handle(delivery: Delivery) -> None:
    """Print one event."""
    sys.stdout.write(f"{delivery.event.payload['file_id']} {time.perf_counter()}\n")
    sys.stdout.flush()


def listen(url: str) -> None:
    """Print each notification of the channel ``raw``."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("listen raw")
        for each in connection.notifies():
            sys.stdout.write(f"{each.payload} {time.perf_counter()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[2] == "raw":
        listen(sys.argv[1])
    subscribe([EventType.NAS_FILE_ADDED], handle, sys.argv[2], engine=make_engine(sys.argv[1]))
