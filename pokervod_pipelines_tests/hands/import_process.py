"""``python -m … URL HOME FOLDER``: an import in a process of its own, which says after each file how far it is."""

import sys
from pathlib import Path

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.hands.imports import import_hands
from pokervod_pipelines.settings import Settings


def main(url: str, home: str, folder: str) -> None:
    """Import the folder."""
    report = import_hands(
        make_engine(url),
        Settings(home=Path(home)),
        [Path(folder)],
        correlation_id="process",
        progress=lambda hands: print(hands, flush=True),  # noqa: T201 - the test reads it
    )
    print("created", report.created, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
