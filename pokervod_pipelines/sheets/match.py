"""Match an annotation row to its video.

The ``matchers`` are asked in order; the first that finds a file decides. Every answer names its matcher, its score and
its reason. Several files that fit, or one that is uncertain, make an ambiguous row with its candidates: nothing is
guessed. The files come from ``file_index``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from pokervod_pipelines.sheets.file_index import FileIndex, is_below
from pokervod_pipelines.sheets.matchers import MATCHERS, MatcherResult, Query, is_pasted_path

MAX_CANDIDATES = 20
MAX_NAME_LENGTH = 1_000
"""Characters; no file system has longer names, and searching a pasted page for features would take minutes."""

PATH_MATCHERS = frozenset({"exact path", "normalised path"})


class MatchStatus(StrEnum):
    """List the results of matching a row."""

    MATCHED = "matched"
    """One file; a person may still pin another."""

    AMBIGUOUS = "ambiguous"
    """Several files fit, or one is uncertain; a person chooses among the candidates."""

    NONE = "none"
    """No file fits; matched again when files change. Its candidates are only the nearest names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Hold the answer for one row; ``file_id`` and ``path`` are set only if it is matched; ``score`` is 0 to 1."""

    status: MatchStatus
    reason: str
    matcher: str = ""
    score: float = 0.0
    file_id: int | None = None
    path: str = ""
    candidates: tuple[str, ...] = ()


def match(index: FileIndex, file_name: str, folder_link: str = "") -> Match:
    """Return the file that a row with this name and link means."""
    if max(len(file_name), len(folder_link)) > MAX_NAME_LENGTH:
        column, length = max(("File Name", len(file_name)), ("Nas Folder Link", len(folder_link)), key=lambda it: it[1])
        return Match(status=MatchStatus.NONE, reason=f"{column} has {length:,} characters, too many for a file name")
    query = Query(file_name, folder_link, index)
    if not query.name and not query.link:
        return Match(status=MatchStatus.NONE, reason="File Name and Nas Folder Link are blank")
    for matcher, find in MATCHERS:
        if result := find(query):
            return _make_match(matcher, result if matcher in PATH_MATCHERS else _prefer_folder(query, result))
    return _suggest_nearest(query)


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
            "stage": answer.matcher or None,
            "score": round(answer.score, 3),
        }


def _prefer_folder(query: Query, result: MatcherResult) -> MatcherResult:
    """Keep the files below the folder that the row links to; a file elsewhere contradicts a folder that exists."""
    if query.folder is None:
        return result
    inside = tuple(entry for entry in result.entries if is_below(entry, query.folder))
    if inside:
        return replace(result, entries=inside)
    return replace(result, uncertainty=result.uncertainty or "it is not in the folder that the row links to")


def _make_match(matcher: str, result: MatcherResult) -> Match:
    paths = tuple(entry.file.path for entry in result.entries)
    if len(paths) == 1 and not result.uncertainty:
        file = result.entries[0].file
        return Match(
            status=MatchStatus.MATCHED,
            reason=f"one file by {matcher}",
            matcher=matcher,
            score=result.score,
            file_id=file.id,
            path=file.path,
            candidates=paths,
        )
    count = "one file fits" if len(paths) == 1 else f"{len(paths)} files fit"
    reason = f"{count} by {matcher}" + (f", but {result.uncertainty}" if result.uncertainty else "")
    return Match(
        status=MatchStatus.AMBIGUOUS,
        reason=f"{reason}; pin the right one",
        matcher=matcher,
        score=result.score,
        candidates=paths[:MAX_CANDIDATES],
    )


def _suggest_nearest(query: Query) -> Match:
    paths = tuple(entry.file.path for key, _ in query.nearest for entry in query.index.by_plain_key[key])
    folder = "" if not query.link or query.folder else "; the linked folder is not in the archive either"
    reason = f"no file has this name{folder}" + ("; the candidates are only similar" if paths else "")
    return Match(status=MatchStatus.NONE, reason=reason, candidates=paths[:MAX_CANDIDATES])
