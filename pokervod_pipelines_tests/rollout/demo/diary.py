"""What the test itself saw of a programme: attempts by the logbook, fixes by what they did, escalations by exit status.

Nothing here comes from the programme's tables or reports; they are compared with it.
"""

from collections import Counter
from dataclasses import dataclass, field

from pokervod_pipelines_tests.rollout.demo.town import Town

NEEDS_A_PERSON = 3
"""The exit status of a command after which a person has to decide."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """A week as one command went through it: until it passed, or, in the last one, until it was escalated."""

    week: int
    attempts: int
    fixes: int
    is_escalated: bool

    @property
    def failed(self) -> int:
        """Its attempts that failed."""
        return self.attempts if self.is_escalated else self.attempts - 1


@dataclass(kw_only=True)
class Diary:
    """Everything that was commanded so far, in order."""

    town: Town
    rounds: list[Round] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    said: str = ""
    overrides: int = 0

    def command(self, *arguments: str) -> str:
        """The programme went on by this command; returns what it said."""
        begun = len(self.town.read_logbook())
        ended = self.town.run("rollout", *arguments)
        assert ended.returncode in {0, NEEDS_A_PERSON}, ended.stdout + ended.stderr
        self.statuses.append(ended.returncode)
        self.said += ended.stderr
        self._keep_rounds(self.town.read_logbook()[begun:], is_escalated=ended.returncode == NEEDS_A_PERSON)
        return ended.stdout + ended.stderr

    def override(self, week: int, criterion: str) -> None:
        """A person lets the criterion pass."""
        ended = self.town.run("rollout", "override", str(week), criterion, "--reason", "it can wait", "--by", "eva")
        assert ended.returncode == 0, ended.stderr
        self.overrides += 1

    def _keep_rounds(self, lines: list[str], *, is_escalated: bool) -> None:
        attempts: Counter[int] = Counter()
        fixes: Counter[int] = Counter()
        week = 0
        for line in lines:
            what, _, which = line.partition(" ")
            week = int(which) if what == "attempt" else week
            (attempts if what == "attempt" else fixes)[week] += 1
        self.rounds += [
            Round(week=week, attempts=count, fixes=fixes[week], is_escalated=is_escalated and week == max(attempts))
            for week, count in attempts.items()
        ]

    def count_totals(self) -> dict[str, int]:
        """What a final report has to count. A fixer that could do nothing leaves no trace but what was said of it."""
        attempts = sum(each.attempts for each in self.rounds)
        return {
            "attempts": attempts,
            "retries": attempts - len(self.rounds),
            "fixes_done": sum(each.fixes for each in self.rounds),
            "fixes_failed": self.said.count("no migration is pending"),
            "escalations": self.statuses.count(NEEDS_A_PERSON),
            "overrides": self.overrides,
        }

    def count_recoveries(self) -> dict[str, int]:
        """What got the programme over each failed attempt."""
        by_person = sum(each.failed for each in self.rounds if each.is_escalated)
        by_fixer = sum(each.failed for each in self.rounds if not each.is_escalated and each.fixes)
        by_retry = sum(each.failed for each in self.rounds if not each.is_escalated and not each.fixes)
        return {"by_fixer": by_fixer, "by_retry": by_retry, "by_person": by_person, "open": 0}

    def find_automation_rate(self) -> float:
        """The share of failed attempts that were got over without a person."""
        counts = self.count_recoveries()
        return (counts["by_fixer"] + counts["by_retry"]) / sum(counts.values())

    def count_attempts(self) -> dict[int, int]:
        """How many attempts there were at each week."""
        attempts: Counter[int] = Counter()
        for each in self.rounds:
            attempts[each.week] += each.attempts
        return dict(attempts)
