"""Tell apart how a call in a child process can fail.

::

    ChildFailure         the call was not answered
    ├── ChildNotStarted  no child came up
    ├── ChildTimedOut    the time limit passed, and the child was killed
    ├── ChildDied        the child ended without an answer
    ├── ChildStuck       the child was killed and is still there: it waits inside the system for a disk
    └── ChildClosed      the caller closed the child or its pool meanwhile
    TaskFailed           the call raised something that only its own libraries know

What the call itself raises arrives as it is, if it is one of Python's exceptions or of ours.
"""

from pokervod_pipelines.errors import PokervodError, Unavailable


class ChildFailure(Unavailable):
    """Report a call that was not answered."""


class ChildNotStarted(ChildFailure):
    """Report a child that did not come up."""


class ChildTimedOut(ChildFailure):
    """Report a child that was killed because it gave no answer in time."""


class ChildDied(ChildFailure):
    """Report a child that ended without an answer; the text is its exit code or the name of the signal.

    ``was_accepted`` is False when it ended before it took the call, so the call cannot be the reason.
    """

    def __init__(self, reason: str, *, was_accepted: bool) -> None:
        super().__init__(reason)
        self.was_accepted = was_accepted


class ChildStuck(ChildFailure):
    """Report a child that does not end even when it is killed."""


class ChildClosed(ChildFailure):
    """Report a call that was broken off because its child was closed."""


class TaskFailed(PokervodError):
    """Report an exception of another package by its type and text, so that the parent need not import the package."""
