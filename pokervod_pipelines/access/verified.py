"""Remember for a moment which passwords were right, so that fifty programs do not cost an argon2 hash a request each.

Neither names nor passwords are kept: an entry is found by a digest with a key that only this process has. It names the
version of the user that was verified, which the caller compares with the present one, so a change ends it everywhere.
"""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST = 1_000
"""Entries; the one used longest ago goes first."""

STRIPES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Say that a password was right for this version of a user, and until when that counts."""

    user_id: int
    version: int
    until: float


class VerifiedPasswords:
    """Keep what was verified; threads share one."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._entries: OrderedDict[bytes, Verified] = OrderedDict()
        self._lock = threading.Lock()
        self._stripes = [threading.Lock() for _ in range(STRIPES)]

    def make_digest(self, name: str, password: str) -> bytes:
        """Return what an entry of this name and password is found by."""
        text = f"{len(name)}:{name}{password}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()

    @contextmanager
    def take_turn(self, digest: bytes) -> Iterator[None]:
        """Let one thread at a time verify the same name and password, so that the others find what it found."""
        with self._stripes[digest[0] % STRIPES]:
            yield

    def find(self, digest: bytes) -> Verified | None:
        """Return the entry, None where there is none or its time has come."""
        with self._lock:
            entry = self._entries.get(digest)
            if entry is None:
                return None
            if entry.until <= self._clock():
                del self._entries[digest]
                return None
            self._entries.move_to_end(digest)
            return entry

    def keep(self, digest: bytes, user_id: int, version: int) -> None:
        """Remember that the password was right."""
        until = self._clock() + self._seconds
        with self._lock:
            self._entries[digest] = Verified(user_id=user_id, version=version, until=until)
            self._entries.move_to_end(digest)
            while len(self._entries) > MOST:
                self._entries.popitem(last=False)

    def drop(self, digest: bytes) -> None:
        """Forget the entry."""
        with self._lock:
            self._entries.pop(digest, None)
