"""Start an emulator to try things by hand: ``python -m pokervod_pipelines_tests.google --workbook tracker.xlsx``.

It writes the credentials of a service account that may write in every workbook given, prints its root and the ids of
the spreadsheets as one line of JSON, and answers until it is interrupted. Its controls stand in ``control``.
"""

import argparse
import json
import signal
import threading
from pathlib import Path

from pokervod_pipelines_tests.google.control import answer_control
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.quota import Quota


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    options = _read_options()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    quota = Quota(reads_per_minute=options.reads, writes_per_minute=options.writes)
    with Emulator.start(port=options.port, quota=quota, beside=answer_control) as google:
        account = google.make_service_account()
        options.credentials.write_text(json.dumps(account, indent=2), encoding="utf-8")
        sheets = {path.name: google.add_workbook(path) for path in options.workbook}
        for sheet in sheets.values():
            sheet.share(account["client_email"], options.role)
        print(  # noqa: T201 - what is started by hand answers by hand
            json.dumps({"root": google.root, "spreadsheets": {name: sheet.id for name, sheet in sheets.items()}}),
            flush=True,
        )
        stopped.wait()


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pokervod_pipelines_tests.google", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 is any free port")
    parser.add_argument("--workbook", type=Path, action="append", default=[], help="an .xlsx file; may be repeated")
    parser.add_argument("--credentials", type=Path, required=True, help="where to write the account's JSON")
    parser.add_argument("--role", choices=("reader", "writer"), default="writer")
    parser.add_argument("--reads", type=int, default=60, help="reads a minute")
    parser.add_argument("--writes", type=int, default=60, help="writes a minute")
    return parser.parse_args()


if __name__ == "__main__":
    main()
