"""Report what a person put into the catalog; apart from ``creation``, which loads every rule of names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationReport:
    """Report the entry as the catalog has it.

    ``decision`` undoes it, None where the entry existed. ``id`` is None of a project, and of an entry that is one with
    another of the season, as show 16 with episode 4. ``is_there`` is False once an undone entry has left.
    """

    level: str
    id: int | None
    title: str
    files: int
    decision: int | None
    is_there: bool = True
