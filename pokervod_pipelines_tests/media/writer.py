"""Record: append to the file named on the command line until the input ends, and report when it has begun."""

import select
import sys
from pathlib import Path

with Path(sys.argv[1]).open("ab", buffering=0) as file:
    file.write(b"\0" * 1_000)
    sys.stdout.write("recording\n")
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        file.write(b"more of the show" * 64)
