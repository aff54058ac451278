"""Dagster's own storage: dagster-postgres on the server that PokerVOD uses, in a database of its own.

Named in ``dagster.yaml``. A plain ``postgres_url`` there would need the server running and its address known before
Dagster starts; this class starts the embedded server on first use and knows the address.
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
    """Runs, events and schedules in PostgreSQL, wherever the settings of the current folder say it is."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure: the settings tell."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PokervodStorage":
        """The storage with its tables, its server running until this process ends.

        Dagster creates the tables without a lock of its own, so that two first starts at once would break one of them.
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
