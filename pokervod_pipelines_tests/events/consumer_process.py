"""Handle events until killed: each becomes a row of the table ``effects``, once. Argument: the database's URL."""

import sys

from sqlalchemy import text

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.events import EventType, subscribe
from pokervod_pipelines.events.subscriptions import Delivery

if __name__ == "__main__":
    engine = make_engine(sys.argv[1])

    def handle(delivery: Delivery) -> None:
        """Store the effect."""
        values = {"key": delivery.key, "name": delivery.event.payload["path"]}
        with engine.begin() as connection:
            connection.execute(
                text("insert into effects (key, name) values (:key, :name) on conflict do nothing"), values
            )

    subscribe((EventType.NAS_FILE_ADDED, EventType.NAS_FILE_REMOVED), handle, "test", engine=engine, from_start=True)
