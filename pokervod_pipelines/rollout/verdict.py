"""What a week's criteria came to together, and what becomes of it where the database does not take it."""

from dataclasses import dataclass, replace

from pokervod_pipelines.rollout.criteria.evidence import ErrorClass
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines.text.folding import make_storable


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekVerdict:
    """What the criteria of a week came to, overridden ones counted as passed."""

    results: tuple[ResultRecord, ...]

    @property
    def passed(self) -> bool:
        """Every criterion holds or was overridden."""
        return all(each.passed or each.is_overridden for each in self.results)

    @property
    def failed(self) -> tuple[ResultRecord, ...]:
        """The criteria that stand in the way."""
        return tuple(each for each in self.results if not each.passed and not each.is_overridden)

    def summarize(self) -> str:
        """Return what stands in the way, in one line."""
        return "; ".join(f"{each.criterion}: {each.summary}" for each in self.failed)

    def refuse(self, error: Exception) -> "WeekVerdict":
        """Return the verdict that nobody knows what the criteria came to, since they cannot be kept."""
        reason = make_storable(str(getattr(error, "orig", error)).partition("\n")[0])
        summary = f"the database does not take what the week's criteria found: {reason}"
        return WeekVerdict(results=tuple(_forget(each, summary) for each in self.results))


def _forget(result: ResultRecord, summary: str) -> ResultRecord:
    return replace(result, passed=False, summary=summary, details=(), figures={}, error_class=ErrorClass.UNKNOWN.value)
