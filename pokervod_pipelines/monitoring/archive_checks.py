"""Declare what must hold of the inventory and of the names in it."""

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.monitoring.check_shape import DataCheck

ARCHIVE_CHECKS = (
    DataCheck(
        name="every_library_was_read",
        asset="nas_files",
        passes="The last scan of every library finished.",
        fails=("library could not be scanned", "libraries could not be scanned"),
        cases="""
            select library || ': ' || coalesce(error, 'was interrupted') from
            (select distinct on (library) library, status, error from nas_scans order by library, id desc) last
            where status = 'failed' order by 1
        """,
        population="(select distinct library from nas_scans) l",
        next_step="Do what the message says, then run `pokervod nas scan --library NAME`.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="every_folder_was_readable",
        asset="nas_files",
        passes="Every folder and every name could be read.",
        fails=("folder or name could not be read", "folders or names could not be read"),
        cases="""
            select library || ': ' || (problem ->> 0) || ' ' || (problem ->> 1) from
            (select distinct on (library) library, problems from nas_scans where status <> 'running'
             order by library, id desc) last, jsonb_array_elements(problems) problem order by 1
        """,
        population="nas_files",
        next_step="Give the service read rights on these folders, or rename files whose name is not UTF-8.",
    ),
    DataCheck(
        name="no_file_is_missing",
        asset="nas_files",
        passes="No file of the inventory is missing.",
        fails=("file is missing", "files are missing"),
        cases="""
            select root || '/' || path || ' since '
                   || to_char(state_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC' from nas_files
            where state = 'missing' and not is_junk order by state_since desc, path
        """,
        population="nas_files where not is_junk and state <> 'cleared'",
        next_step="See `pokervod nas missing` for what depends on them; restore them, or clear them with a reason.",
    ),
    DataCheck(
        name="every_file_was_seen",
        asset="nas_files",
        passes="The last scan of every library saw where each file is, or that it is missing.",
        fails=("file was not seen by the last scan", "files were not seen by the last scan"),
        cases="""
            select root || '/' || path || ' since '
                   || to_char(state_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC' from nas_files
            where state = 'unseen' and not is_junk order by state_since desc, path
        """,
        population="nas_files where not is_junk and state <> 'cleared'",
        next_step="Mount the share or make its folders readable, then scan again; nothing has to be cleared.",
    ),
    DataCheck(
        name="every_video_has_an_episode",
        asset="video_files",
        passes="Every video of the inventory is in the catalog.",
        fails=("video is not in the catalog", "videos are not in the catalog"),
        cases="""
            select f.root || '/' || f.path from counted_videos f left join episode_files e on e.file_id = f.id
            where e.file_id is null order by 1
        """,
        population="counted_videos",
        next_step="Run `pokervod sync`; if this persists, see the error of the catalog step in the last run.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="every_name_was_understood",
        asset="video_files",
        passes="A rule matched the name of every video.",
        fails=("video name matches no rule", "video names match no rule"),
        cases="""
            select f.path || ': ' || v.reason from video_files v join nas_files f on f.id = v.file_id
            where v.reason is not null and f.state <> 'cleared' order by 1
        """,
        population="video_files v join nas_files f on f.id = v.file_id where f.state <> 'cleared'",
        next_step="Run `pokervod names parse --explain PATH`; rename the file, or leave it in OTHER.",
    ),
)
