"""Define the errors that only HTTP knows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pokervod_pipelines.errors import BadInput, PokervodError, Unavailable


class NotFound(BadInput):
    """Report that a path names something that does not exist."""


class DatabaseAway(Unavailable):
    """Report that the database does not answer, without asking it."""


class DatabaseBusy(Unavailable):
    """Report that a request found all connections lent, which says nothing about the database."""

    def __init__(self) -> None:
        super().__init__("too many requests ask the database at once; ask again in a moment")


class Refused(PokervodError):
    """Report a request that is refused with a status of HTTP."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


@contextmanager
def find_named() -> Iterator[None]:
    """Raise ``NotFound`` where a room does not know what the path names, which is all that it was asked."""
    try:
        yield
    except BadInput as error:
        raise NotFound(str(error)) from None
