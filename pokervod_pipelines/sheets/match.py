"""Which video an annotation row speaks of.

A row passes through ``stages`` in order; the first that finds a file decides. Every answer says its stage, its score
and its reason. Several files that fit, or one that fits but for a doubt, make an ambiguous row with its candidates:
nothing is guessed. The files come from ``file_index``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from pokervod_pipelines.sheets.file_index import FileIndex, lies_below
from pokervod_pipelines.sheets.stages import STAGES, Found, Query, is_pasted_path

MOST_CANDIDATES = 20
LONGEST_NAME = 1_000
"""Characters; no file system has longer names, and searching a pasted page for marks would take minutes."""

PATH_STAGES = frozenset({"exact path", "normalised path"})


class MatchStatus(StrEnum):
    """What became of a row's search."""

    MATCHED = "matched"
    """One file; a person may still pin another."""

    AMBIGUOUS = "ambiguous"
    """Several files fit, or one fits but for a doubt; a person chooses among the candidates."""

    NONE = "none"
    """No file fits; tried again when files change. Its candidates are only the nearest names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The answer for one row; ``file_id`` and ``path`` are set if and only if it is matched; ``score`` is 0 to 1."""

    status: MatchStatus
    reason: str
    stage: str = ""
    score: float = 0.0
    file_id: int | None = None
    path: str = ""
    candidates: tuple[str, ...] = ()


def match(index: FileIndex, file_name: str, folder_link: str = "") -> Match:
    """Return the file that a row with this name and link speaks of."""
    if max(len(file_name), len(folder_link)) > LONGEST_NAME:
        column, length = max(("File Name", len(file_name)), ("Nas Folder Link", len(folder_link)), key=lambda it: it[1])
        return Match(
            status=MatchStatus.NONE, reason=f"{column} holds {length:,} characters, too many for a file's name"
        )
    query = Query(file_name, folder_link, index)
    if not query.name and not query.link:
        return Match(status=MatchStatus.NONE, reason="the row names neither a file nor a folder")
    for stage, find in STAGES:
        if found := find(query):
            return _conclude(stage, found if stage in PATH_STAGES else _prefer_folder(query, found))
    return _conclude_nothing(query)


def match_lines(index: FileIndex, lines: Iterable[str]) -> Iterator[dict[str, object]]:
    r"""Yield one answer per line ``file name<TAB>folder link``, in order; ``\n`` in a name is a line break."""
    for line in lines:
        name, _, link = line.rstrip("\r\n").partition("\t")
        answer = match(index, name if is_pasted_path(name) else name.replace("\\n", "\n"), link)
        yield {
            "status": str(answer.status),
            "path": answer.path or None,
            "candidates": list(answer.candidates),
            "reason": answer.reason,
            "stage": answer.stage or None,
            "score": round(answer.score, 3),
        }


def _prefer_folder(query: Query, found: Found) -> Found:
    """Keep the files below the folder that the row links to; a file elsewhere contradicts a folder that exists."""
    if query.folder is None:
        return found
    inside = tuple(entry for entry in found.entries if lies_below(entry, query.folder))
    if inside:
        return replace(found, entries=inside)
    return replace(found, doubt=found.doubt or "the folder that the row links to does not hold it")


def _conclude(stage: str, found: Found) -> Match:
    paths = tuple(entry.file.path for entry in found.entries)
    if len(paths) == 1 and not found.doubt:
        file = found.entries[0].file
        return Match(
            status=MatchStatus.MATCHED,
            reason=f"one file by {stage}",
            stage=stage,
            score=found.score,
            file_id=file.id,
            path=file.path,
            candidates=paths,
        )
    count = "one file fits" if len(paths) == 1 else f"{len(paths)} files fit"
    reason = f"{count} by {stage}" + (f", but {found.doubt}" if found.doubt else "") + "; pin the right one"
    return Match(
        status=MatchStatus.AMBIGUOUS, reason=reason, stage=stage, score=found.score, candidates=paths[:MOST_CANDIDATES]
    )


def _conclude_nothing(query: Query) -> Match:
    paths = tuple(entry.file.path for key, _ in query.nearest for entry in query.index.by_plain_key[key])
    known = "" if not query.link or query.folder else "; the linked folder is not in the archive either"
    reason = f"no file has this name{known}" + ("; the candidates are only similar" if paths else "")
    return Match(status=MatchStatus.NONE, reason=reason, candidates=paths[:MOST_CANDIDATES])
