"""Score the parser on a truth table by family: ``python -m pokervod_pipelines_tests.catalog.names.scores TRUTH.tsv``.

All fields count, unlike in a table's own tool: also names of events, versions and players. A cell ``?`` was read
differently by two people and a day without its year is written as ``(MMDD)``; neither is scored.
"""

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from pokervod_pipelines.catalog.names import FIELDS, find_family, parse_name

# Fields whose wording is a matter of taste (a version as written, an event by its usual name) are left out of these.
CORE_FIELDS = frozenset(FIELDS) - {"event_code_or_name", "event_kind", "version", "players"}


class Score(NamedTuple):
    """Count the cells that we read, that the table has, and that agree."""

    said: int
    truth: int
    right: int

    @property
    def precision(self) -> float:
        """Return the share of what we read that is right."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Return the share of what the table has that we read."""
        return self.right / self.truth if self.truth else 1.0


def score_by_family(
    table: Path, fields: frozenset[str] = frozenset(FIELDS), *, every: int = 1, start: int = 0
) -> dict[str, Score]:
    """Return the score of each family and of ``all``, over the table's rows ``start``, ``start + every`` and so on."""
    said, truth, right = Counter[str](), Counter[str](), Counter[str]()
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))[start::every]
    for row in rows:
        path = row["full_path"] or row["file_name"]
        answer = parse_name(path).as_dict()
        for family in (find_family(path) or "no content", "all"):
            for field in fields:
                if row[field] != "?" and "(MMDD)" not in row[field]:
                    want, have = _plain(row[field]), _plain(answer[field])
                    said[family] += have != ""
                    truth[family] += want != ""
                    right[family] += want == have != ""
    return {family: Score(said[family], truth[family], right[family]) for family in sorted(truth | said)}


def _plain(value: object) -> str:
    if value is None:
        return ""
    text = "; ".join(value) if isinstance(value, tuple) else str(value)
    return text.strip().lower().replace(" ", "_").replace("-", "_")


def main() -> None:
    """Print the scores of the table named on the command line."""
    for family, score in score_by_family(Path(sys.argv[1])).items():
        line = f"{family:18} precision {score.precision:.3f}  recall {score.recall:.3f}  ({score.truth} cells)"
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
