"""Store Dagster's own data with dagster-postgres on the server that PokerVOD uses, in a database of its own.

``dagster.yaml`` names this class. A plain ``postgres_url`` there would need the server running and its address known
before Dagster starts; this class starts the embedded server on first use.
"""

import atexit
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.settings import load_settings


class PokervodStorage(DagsterPostgresStorage):
    """Store runs, events and schedules in the PostgreSQL that the settings of the current folder name."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Return no fields: the settings have everything."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PokervodStorage":
        """Open the storage with its tables; its server runs until this process ends.

        Dagster creates the tables without a lock, so two first starts at once would break one of them.
        """
        served = ExitStack()
        urls = served.enter_context(serve_database(load_settings()))
        atexit.register(served.close)
        url = urls.dagster.render_as_string(hide_password=False)
        engine = make_engine(urls.pokervod)
        try:
            with hold_lock(engine, "creation of Dagster's tables"):
                return cls(postgres_url=url, should_autocreate_tables=True, inst_data=inst_data)
        finally:
            engine.dispose()
