"""Count what the test itself sees of a rollout: attempts by the logbook, escalations by exit status.

Nothing here comes from the rollout's tables or reports; they are compared with it.
"""

from collections import Counter
from dataclasses import dataclass, field

from pokervod_pipelines_tests.rollout.demo.site import DemoSite

NEEDS_A_PERSON = 3
"""The exit status of a command after which a person has to decide."""


@dataclass(frozen=True, kw_only=True)
class WeekRun:
    """Describe a week as one command ran it: until it passed, or, the last one, until it was escalated."""

    week: int
    attempts: int
    fixes: int
    is_escalated: bool

    @property
    def failed(self) -> int:
        """Return the number of failed attempts."""
        return self.attempts if self.is_escalated else self.attempts - 1


@dataclass(kw_only=True)
class RunLog:
    """Hold every command so far, in order."""

    site: DemoSite
    week_runs: list[WeekRun] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    said: str = ""
    overrides: int = 0

    def command(self, *arguments: str) -> str:
        """Run the command and return its output."""
        before = len(self.site.read_logbook())
        ended = self.site.run("rollout", *arguments)
        assert ended.returncode in {0, NEEDS_A_PERSON}, ended.stdout + ended.stderr
        self.statuses.append(ended.returncode)
        self.said += ended.stderr
        self._add_week_runs(self.site.read_logbook()[before:], is_escalated=ended.returncode == NEEDS_A_PERSON)
        return ended.stdout + ended.stderr

    def override(self, week: int, criterion: str) -> None:
        """Override the criterion as a person does."""
        ended = self.site.run("rollout", "override", str(week), criterion, "--reason", "it can wait", "--by", "eva")
        assert ended.returncode == 0, ended.stderr
        self.overrides += 1

    def _add_week_runs(self, lines: list[str], *, is_escalated: bool) -> None:
        attempts: Counter[int] = Counter()
        fixes: Counter[int] = Counter()
        week = 0
        for line in lines:
            what, _, which = line.partition(" ")
            week = int(which) if what == "attempt" else week
            (attempts if what == "attempt" else fixes)[week] += 1
        self.week_runs += [
            WeekRun(week=week, attempts=count, fixes=fixes[week], is_escalated=is_escalated and week == max(attempts))
            for week, count in attempts.items()
        ]

    def count_totals(self) -> dict[str, int]:
        """Return what a final report has to count. A fixer that could do nothing shows only in the output."""
        attempts = sum(each.attempts for each in self.week_runs)
        return {
            "attempts": attempts,
            "retries": attempts - len(self.week_runs),
            "fixes_done": sum(each.fixes for each in self.week_runs),
            "fixes_failed": self.said.count("no migration is pending"),
            "escalations": self.statuses.count(NEEDS_A_PERSON),
            "overrides": self.overrides,
        }

    def count_recoveries(self) -> dict[str, int]:
        """Count by what each failed attempt was overcome."""
        by_person = sum(each.failed for each in self.week_runs if each.is_escalated)
        by_fixer = sum(each.failed for each in self.week_runs if not each.is_escalated and each.fixes)
        by_retry = sum(each.failed for each in self.week_runs if not each.is_escalated and not each.fixes)
        return {"by_fixer": by_fixer, "by_retry": by_retry, "by_person": by_person, "open": 0}

    def find_automation_rate(self) -> float:
        """Return the share of failed attempts that were overcome without a person."""
        counts = self.count_recoveries()
        return (counts["by_fixer"] + counts["by_retry"]) / sum(counts.values())

    def count_attempts(self) -> dict[int, int]:
        """Return the number of attempts at each week."""
        attempts: Counter[int] = Counter()
        for each in self.week_runs:
            attempts[each.week] += each.attempts
        return dict(attempts)
