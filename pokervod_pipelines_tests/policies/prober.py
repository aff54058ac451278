"""Enter a breaker when told, and keep its probe. Arguments: the database's URL, seconds of the lease.

Says ``ready``, then for each line it reads ``probe``, ``call`` or ``refused``; a probe stays begun.
"""

import sys
from datetime import UTC

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.policies.blocks import SHEETS
from pokervod_pipelines.policies.breakers import BreakerOpen, BreakerOptions

if __name__ == "__main__":
    options = BreakerOptions(zone=UTC, probe_seconds=float(sys.argv[2]))
    breaker = make_breaker(make_engine(sys.argv[1]), SHEETS, options)
    print("ready", flush=True)  # noqa: T201 - to the test
    for _ in sys.stdin:
        try:
            said = "probe" if breaker.enter().is_probe else "call"
        except BreakerOpen:
            said = "refused"
        print(said, flush=True)  # noqa: T201 - to the test
