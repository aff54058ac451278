"""Looking into one file, safely: whatever the file does to its reader is a fact about the file."""

from contextlib import closing
from pathlib import Path

from pokervod_pipelines.media.facts import MediaFacts, MediaStatus
from pokervod_pipelines.media.reader import Answer, Loss, Reader

TASK = "probe"


def probe_file(path: Path, *, seconds_limit: float) -> MediaFacts:
    """What the file tells, or why it does not; within about ``seconds_limit`` whatever the file is.

    Raises ``Unavailable`` when no reader can be started, ``ArchiveUnavailable`` when the disk does not answer.
    """
    with closing(Reader()) as reader:
        arguments = {"path": str(path.absolute())}
        return read_answer(reader.ask(TASK, arguments, seconds_limit=seconds_limit))


def read_answer(answer: Answer) -> MediaFacts:
    """The facts of a reader's answer; one that was lost is a fact too."""
    if isinstance(answer, Loss):
        status = MediaStatus.TIMEOUT if answer.timed_out else MediaStatus.BROKEN
        return MediaFacts(status=status, reason=answer.reason)
    return MediaFacts.from_json(answer)
