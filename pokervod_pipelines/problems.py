"""Say what a person should look at: one shape for every problem that does not stop the work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Name a place (file, row, column, hand …) and what is wrong there, with the next step in the text.

    >>> str(Problem("notes.xlsx, tab Hands, cell D7", "Expected text, got 12. Correct the cell."))
    'notes.xlsx, tab Hands, cell D7: Expected text, got 12. Correct the cell.'
    """

    where: str
    what: str

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.where}: {self.what}" if self.where else self.what
