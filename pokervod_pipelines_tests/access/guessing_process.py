"""Guess the password of a user as fast as it is allowed, and print how often it was looked at and how often refused."""

import sys
import threading
from collections import Counter

from pokervod_pipelines.access.authentication import Authenticator
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.errors import AccessRefused
from pokervod_pipelines.settings.api import ApiSettings, ThrottleSettings

THREADS = 4


def main(url: str, name: str, address: str, tries: int) -> None:
    """Guess from several threads at once."""
    settings = ApiSettings(throttle=ThrottleSettings(first_seconds=600))
    engine = make_engine(url)
    gate = Authenticator(engine, settings)
    answers: Counter[str] = Counter()

    def guess() -> None:
        for number in range(tries):
            try:
                gate.log_in(name, f"guess number {number}", address)
                answers["let in"] += 1
            except AccessRefused as error:
                answers[type(error).__name__] += 1

    threads = [threading.Thread(target=guess) for _ in range(THREADS)]
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    print(answers["let in"], answers["NotLoggedIn"], answers["LoginThrottled"])  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
