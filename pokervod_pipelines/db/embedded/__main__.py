"""Start the server of a folder again: ``python -m pokervod_pipelines.db.embedded FOLDER``, by whoever uses it."""

import sys
from pathlib import Path

from pokervod_pipelines.db.embedded.server import EmbeddedServer
from pokervod_pipelines.errors import OperatorNeeded, PokervodError

ERROR_MARK = "error: "
"""Before the reason, which may have several lines."""


def main(folder: str) -> None:
    """Start the server, unless it runs, with the data that it had; raise ``OperatorNeeded`` where they are missing."""
    server = EmbeddedServer(Path(folder))
    data = server.locate().data
    if not (data / "PG_VERSION").exists():
        raise OperatorNeeded(f"the database in {data} is missing: end what uses it, restore it, and start again")
    with server:
        pass


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except PokervodError as error:
        sys.exit(f"{ERROR_MARK}{error}")
