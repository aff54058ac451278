"""Declare what must hold of the inventory and of the names in it.

Files that no library of the settings contains have a check of their own, and count in no other.
"""

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.holds.listing import is_held
from pokervod_pipelines.monitoring.check_shape import DataCheck
from pokervod_pipelines.nas.retirement import UNCONFIGURED_LIBRARIES
from pokervod_pipelines.nas.same_roots import NEXT_STEP, SAME_ROOTS
from pokervod_pipelines.nas.store.scope import IS_CONFIGURED
from pokervod_pipelines.subjects import SubjectKind

SCANS = """
    nas_scans n where exists (
        select from unnest(cast(:libraries as text[]), cast(:roots as text[])) as s(library, root)
        where s.library = n.library and s.root = coalesce(n.root, s.root))
"""
"""The scans of libraries of the settings."""

FILES = f"nas_files f where not is_junk and state <> 'cleared' and {IS_CONFIGURED}"
VIDEOS = f"counted_videos f where {IS_CONFIGURED}"
NAMES = f"video_files v join nas_files f on f.id = v.file_id where f.state <> 'cleared' and {IS_CONFIGURED}"


def _list_files(state: str) -> str:
    """Return the query of the files in this state, each with the time since when, newest first."""
    return f"""
        select root || '/' || path || ' since '
               || to_char(state_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
        from {FILES} and state = '{state}' order by state_since desc, path
    """  # noqa: S608 - constants


ARCHIVE_CHECKS = (
    DataCheck(
        name="every_library_was_read",
        asset="nas_files",
        passes="The last scan of every library that nobody holds finished.",
        fails=("library could not be scanned", "libraries could not be scanned"),
        cases=f"""
            select library || ': ' || coalesce(error, 'was interrupted') from
            (select distinct on (library) library, status, error from {SCANS} order by library, id desc) last
            where status = 'failed' and not {is_held(SubjectKind.LIBRARY, "library")} order by 1
        """,  # noqa: S608 - constants
        population=f"(select distinct library from {SCANS}) l",  # noqa: S608 - constants
        next_step="Do what the message says, then run `pokervod nas scan --library NAME`.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="every_folder_was_readable",
        asset="nas_files",
        passes="Every folder and every name could be read.",
        fails=("folder or name could not be read", "folders or names could not be read"),
        cases=f"""
            select library || ': ' || (problem ->> 0) || ' ' || (problem ->> 1) from
            (select distinct on (library) library, problems from {SCANS} and status <> 'running'
             order by library, id desc) last, jsonb_array_elements(problems) problem order by 1
        """,  # noqa: S608 - constants
        population=f"nas_files f where {IS_CONFIGURED}",
        next_step="Give the service read rights on these folders, or rename files whose name is not UTF-8.",
    ),
    DataCheck(
        name="no_file_is_missing",
        asset="nas_files",
        passes="No file of the inventory is missing.",
        fails=("file is missing", "files are missing"),
        cases=_list_files("missing"),
        population=FILES,
        next_step="See `pokervod nas missing` for what depends on them; restore them, or clear them with a reason.",
    ),
    DataCheck(
        name="every_file_was_seen",
        asset="nas_files",
        passes="The last scan of every library saw where each file is, or that it is missing.",
        fails=("file was not seen by the last scan", "files were not seen by the last scan"),
        cases=_list_files("unseen"),
        population=FILES,
        next_step="Mount the share or make its folders readable, then scan again; nothing has to be cleared.",
    ),
    DataCheck(
        name="every_library_is_in_the_settings",
        asset="nas_files",
        passes="Every library with files is in the settings.",
        fails=("library is no longer in the settings", "libraries are no longer in the settings"),
        cases=f"""
            select library || ': ' || to_char(files, 'FM999,999,999') || case files when 1 then ' file' else ' files'
                   end || ' in root ' || array_to_string(roots, ', ') from {UNCONFIGURED_LIBRARIES} l order by library
        """,  # noqa: S608 - constants
        population="(select distinct library from nas_files where state <> 'cleared') l",
        next_step="Retire it with `pokervod nas retire LIBRARY --reason …` (first `--preview`), or add it again.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="every_root_is_known_once",
        asset="nas_files",
        passes="No archive root has the marker of another one.",
        fails=("root has the marker of another one", "roots have the marker of another one"),
        cases=f"select sentence from {SAME_ROOTS} s order by 1",  # noqa: S608 - a constant
        population="(select distinct root from nas_scans where marker is not null) r",
        next_step=NEXT_STEP,
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="every_video_has_an_episode",
        asset="video_files",
        passes="Every video of the inventory is in the catalog.",
        fails=("video is not in the catalog", "videos are not in the catalog"),
        cases=f"""
            select root || '/' || path from {VIDEOS}
            and not exists (select from episode_files e where e.file_id = f.id) order by 1
        """,  # noqa: S608 - constants
        population=VIDEOS,
        next_step="Run `pokervod sync`; if this persists, see the error of the catalog step in the last run.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="every_name_was_understood",
        asset="video_files",
        passes="A rule matched the name of every video.",
        fails=("video name matches no rule", "video names match no rule"),
        cases=f"select f.path || ': ' || v.reason from {NAMES} and v.reason is not null order by 1",  # noqa: S608
        population=NAMES,
        next_step="Run `pokervod names parse --explain PATH`; rename the file, or leave it in OTHER.",
    ),
)
