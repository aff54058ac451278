"""How failures were got over: by a fixer, by trying again, or by a person; so, the automation rate."""

from dataclasses import dataclass
from enum import Enum, auto

from pokervod_pipelines.rollout.record import AttemptRecord, ProgrammeRecord


class Recovery(Enum):
    """What got the programme over a failed attempt."""

    FIXER = auto()
    """A fixer did something after it, and a later attempt of the same round passed."""

    RETRY = auto()
    """No fixer did anything, and a later attempt of the same round passed."""

    PERSON = auto()
    """A person overrode what had failed, or the round ended in an escalation or a resumption."""

    OPEN = auto()
    """Not yet known: its round goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoveries:
    """Every failed attempt of a programme, counted under what got it over."""

    by_fixer: int
    by_retry: int
    by_person: int
    open: int

    @property
    def failed_attempts(self) -> int:
        """All failed attempts."""
        return self.by_fixer + self.by_retry + self.by_person + self.open

    @property
    def automation_rate(self) -> float | None:
        """The share, 0 to 1, of decided failed attempts that were got over without a person; None while there is none.

        Decided is a failed attempt whose round has passed, was escalated, or was followed by another round, which only
        a person begins. It was got over without a person when a later attempt of its round passed and none of the
        criteria that had failed in it counted there as overridden.
        """
        decided = self.by_fixer + self.by_retry + self.by_person
        return (self.by_fixer + self.by_retry) / decided if decided else None


def count_recoveries(record: ProgrammeRecord) -> Recoveries:
    """Count what got the programme over each of its failed attempts."""
    found = [find_recovery(record, attempt) for attempt in record.attempts if attempt.passed is False]
    return Recoveries(
        by_fixer=found.count(Recovery.FIXER),
        by_retry=found.count(Recovery.RETRY),
        by_person=found.count(Recovery.PERSON),
        open=found.count(Recovery.OPEN),
    )


def find_recovery(record: ProgrammeRecord, failed: AttemptRecord) -> Recovery:
    """Return what got the programme over one failed attempt."""
    of_week = record.attempts_of(failed.week)
    later = [each for each in of_week if each.round == failed.round and each.number > failed.number]
    passing = next((each for each in later if each.passed), None)
    if passing is not None:
        if _failed_in(failed) & _overridden_in(passing):
            return Recovery.PERSON
        tried = [failed, *(each for each in later if each.number < passing.number)]
        return Recovery.FIXER if any(fix.done for each in tried for fix in each.fixes) else Recovery.RETRY
    escalated = any(each.week == failed.week and each.round == failed.round for each in record.escalations)
    followed = any(each.round > failed.round for each in of_week)
    return Recovery.PERSON if escalated or followed else Recovery.OPEN


def _failed_in(attempt: AttemptRecord) -> set[str]:
    return {each.criterion for each in attempt.results if not each.passed and not each.is_overridden}


def _overridden_in(attempt: AttemptRecord) -> set[str]:
    return {each.criterion for each in attempt.results if each.is_overridden}
