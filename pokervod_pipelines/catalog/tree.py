"""Read the catalog for people: the tree, the figures per project and year, and why a file is where it is."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, Engine

from pokervod_pipelines.catalog import tree_store
from pokervod_pipelines.catalog.correctable import FIELDS, Value
from pokervod_pipelines.catalog.correction_store import Correction, read_history
from pokervod_pipelines.catalog.identity import COUNT_FACTS
from pokervod_pipelines.catalog.names import NameFinding, explain_name
from pokervod_pipelines.catalog.tree_store import TreeRow, YearStats
from pokervod_pipelines.errors import BadInput


@dataclass(frozen=True, slots=True)
class TreeFile:
    """Hold one version of an episode; ``size`` in bytes, ``state`` as the inventory has it."""

    file_id: int
    path: str
    size: int
    state: str
    version: str | None
    is_preferred: bool


@dataclass(frozen=True, slots=True)
class TreeEpisode:
    """Hold one programme; ``label`` is its title within its event. The preferred file comes first."""

    id: int
    title: str
    label: str
    files: tuple[TreeFile, ...]


@dataclass(frozen=True, slots=True)
class TreeEvent:
    """Hold a tournament or strand of a season."""

    id: int
    title: str
    number: int | None
    episodes: tuple[TreeEpisode, ...]


@dataclass(frozen=True, slots=True)
class TreeSeason:
    """Hold a year or numbered season."""

    id: int
    title: str
    year: int | None
    events: tuple[TreeEvent, ...]


@dataclass(frozen=True, slots=True)
class TreeProject:
    """Hold a show; ``OTHER`` comes last."""

    code: str
    title: str
    seasons: tuple[TreeSeason, ...]


@dataclass(frozen=True, slots=True)
class FileExplanation:
    """Explain where a file is: its episodes, their keys, and the source of each fact."""

    file_id: int
    path: str
    title: str | None
    version: str | None
    reason: str | None
    episodes: tuple[tuple[int, str, str], ...]
    findings: tuple[NameFinding, ...]


def read_tree(engine: Engine, project: str | None = None) -> tuple[TreeProject, ...]:
    """Return every project, or the one of this code, down to its files, in the order in which a person reads it."""
    with engine.connect() as connection:
        return read_tree_on(connection, project)


def read_tree_on(
    connection: Connection, project: str | None, *, season_id: int | None = None, without: Collection[int] = ()
) -> tuple[TreeProject, ...]:
    """Return the same, or one season of it, within the caller's transaction, without some files."""
    rows = (row for row in tree_store.stream_tree(connection, project, season_id) if row.file_id not in without)
    return tuple(
        TreeProject(code, title, _read_seasons(own))
        for (code, title), own in groupby(rows, key=lambda row: (row.project, row.project_title))
    )


def read_stats(engine: Engine) -> list[YearStats]:
    """Return the figures of each project and year, years ascending, unknown years last, ``OTHER`` at the end."""
    with engine.connect() as connection:
        return tree_store.read_year_stats(connection)


def explain_file(engine: Engine, path_or_id: str | int) -> FileExplanation:
    """Explain where the file at this path (below its archive root), or of this id, is, and why.

    ``reason`` explains a file that is in no episode. Raises ``BadInput`` for an unknown one.
    """
    with engine.connect() as connection:
        return explain_on(connection, path_or_id)


def explain_on(connection: Connection, path_or_id: str | int) -> FileExplanation:
    """Explain the same within the caller's transaction."""
    known = tree_store.find_file(connection, path_or_id)
    if known is None:
        expected = "expected a path below the archive root, or an id"
        raise BadInput(f"{path_or_id}: unknown file; {expected}. Run `pokervod nas scan` for a new file")
    episodes = tree_store.list_file_episodes(connection, known["file_id"])
    corrections = [row for row in read_history(connection, file_id=known["file_id"]) if row.is_in_force]
    reason = known["reason"]
    if not episodes:
        reason = _explain_absence(known["category"], known["state"], is_junk=known["is_junk"])
    return FileExplanation(
        known["file_id"],
        known["path"],
        known["title"],
        known["version"],
        reason,
        tuple(episodes),
        _merge_findings(_list_findings(known["path"], known["unread"], corrections), corrections),
    )


def _list_findings(path: str, unread: str | None, corrections: Iterable[Correction]) -> list[NameFinding]:
    """Return the findings of the rules, and the numbers that no rule read unless a person said what they mean."""
    findings = explain_name(path)
    if unread and COUNT_FACTS.isdisjoint(FIELDS[row.field].fact for row in corrections):
        findings.append(NameFinding("unread", unread, "no rule", unread, "name"))
    return findings


def _merge_findings(findings: Iterable[NameFinding], corrections: Iterable[Correction]) -> tuple[NameFinding, ...]:
    """Return the findings of the rules, replaced by corrections, with who and why, where people made some."""
    corrected = {FIELDS[row.field].fact: row for row in corrections}
    decided = [
        NameFinding(fact, _show(row.value), f"correction {row.id}", f"{row.by}: {row.reason}", "person")
        for fact, row in corrected.items()
    ]
    return (*decided, *(finding for finding in findings if finding.field not in corrected))


def _show(value: Value) -> int | str | tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) else value


def _explain_absence(category: str, state: str, *, is_junk: bool) -> str:
    if is_junk:
        return "it is junk of a system or program"
    if category != "video":
        return f"it is not a video but {category}"
    if state == "cleared":
        return "an operator cleared it"
    return "the catalog was not built since it was found"


def _read_seasons(rows: Iterable[TreeRow]) -> tuple[TreeSeason, ...]:
    grouped = groupby(rows, key=lambda row: (row.season_id, row.season_title, row.year))
    return tuple(TreeSeason(*head, _read_events(own)) for head, own in grouped if head[0] is not None)


def _read_events(rows: Iterable[TreeRow]) -> tuple[TreeEvent, ...]:
    grouped = groupby(rows, key=lambda row: (row.event_id, row.event_title, row.number))
    return tuple(TreeEvent(*head, _read_episodes(own)) for head, own in grouped if head[0] is not None)


def _read_episodes(rows: Iterable[TreeRow]) -> tuple[TreeEpisode, ...]:
    grouped = groupby(rows, key=lambda row: (row.episode_id, row.title, row.label))
    return tuple(TreeEpisode(*head, tuple(_read_files(own))) for head, own in grouped if head[0] is not None)


def _read_files(rows: Iterable[TreeRow]) -> Iterator[TreeFile]:
    for row in rows:
        if row.file_id is not None:
            yield TreeFile(row.file_id, row.path, row.size, row.state, row.version, row.is_preferred)
