"""Let the detectors have looked, or not, for tests of what is told of incidents."""

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Engine, text

from pokervod_pipelines.monitoring.detectors.history import History, Judgement
from pokervod_pipelines.monitoring.detectors.memory import write_memory
from pokervod_pipelines.monitoring.incidents.shape import Look


def note_look(engine: Engine, looked_at: datetime | Literal["now"] | None = "now", *looks: Look) -> None:
    """Store that the detectors looked last at that time, and how; None where they never did."""
    if looked_at == "now":
        looked_at = datetime.now(UTC)
    with engine.begin() as connection:
        connection.execute(text("delete from detector_memory"))
        if looked_at is not None:
            write_memory(connection, Judgement(looks=looks, history=History()), "sensor", looked_at)
