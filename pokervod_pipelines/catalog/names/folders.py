"""Read what folders tell about the files in them, and let a file name inherit it.

A folder is read by the same facts as a title. It fills the fields that the file name lacks, never more: a file that
names another project inherits nothing, and one that names another event or day does not inherit the rest of it.
"""

from collections.abc import Callable
from functools import lru_cache

from pokervod_pipelines.catalog.names.facts.day import read_day
from pokervod_pipelines.catalog.names.facts.event_name import read_event_name
from pokervod_pipelines.catalog.names.facts.event_number import read_event_number
from pokervod_pipelines.catalog.names.facts.game import read_game
from pokervod_pipelines.catalog.names.facts.money import read_plain_money, read_signed_money
from pokervod_pipelines.catalog.names.facts.series import find_project, read_mpp_place, read_sub_series
from pokervod_pipelines.catalog.names.facts.stage import read_stage
from pokervod_pipelines.catalog.names.facts.year import read_year
from pokervod_pipelines.catalog.names.families.mpp import read_mpp
from pokervod_pipelines.catalog.names.name_fields import NO_FOLDERS, Entry, FolderFields, NameFields
from pokervod_pipelines.catalog.names.prepare import PreparedName, fold_words, narrow

_FOLDER_FACTS: tuple[Callable[[NameFields], object], ...] = (
    read_year,
    read_sub_series,
    read_mpp_place,
    read_mpp,
    read_event_number,
    read_signed_money,
    read_plain_money,
    read_game,
    read_event_name,
    read_day,
    read_stage,
)

_EVENT_FIELDS = ("event_number", "event_code_or_name", "event_kind", "buy_in", "gtd", "game")
_MOMENT_FIELDS = ("day", "flight", "stage")


@lru_cache(maxsize=4096)
def read_folders(folder: str) -> FolderFields:
    """Return the fields of all folders of a path; the deepest folder with a field decides it."""
    if not folder:
        return NO_FOLDERS
    project: str | None = None
    found: dict[str, Entry] = {}
    for name in reversed(folder.split("/")):
        inherited = _read_folder(name)
        if project and inherited.project and inherited.project != project:
            break
        project = project or inherited.project
        for field, entry in inherited.found.items():
            found.setdefault(field, entry)
    return _collect(project, found)


@lru_cache(maxsize=8192)
def _read_folder(folder_name: str) -> FolderFields:
    shown, text = fold_words(narrow(folder_name))
    fields = NameFields(PreparedName("", folder_name, shown, text))
    named = find_project(text)
    if named:
        fields.set("project_code", named[0], "project_word", named[1])
    for read in _FOLDER_FACTS:
        read(fields)
    fields.found.pop("year_in_filename", None)
    found: dict[str, Entry] = {
        field: (value, f"folder_{rule}", words, "folder") for field, (value, rule, words, _) in fields.found.items()
    }
    return _collect(named[0] if named else None, found)


def _collect(project: str | None, found: dict[str, Entry]) -> FolderFields:
    event = {field: found[field] for field in _EVENT_FIELDS if field in found}
    moment = {field: found[field] for field in _MOMENT_FIELDS if field in found}
    return FolderFields(project, found, event, moment)


def inherit_from_folders(fields: NameFields) -> None:
    """Fill the fields that the file name lacks with those of its folders."""
    found, folders = fields.found, fields.folders
    inherited = folders.found
    project = found.get("project_code")
    if not inherited or (project and folders.project and project[0] != folders.project):
        return
    for field in ("project_code", "sub_series"):
        if field not in found and field in inherited:
            found[field] = inherited[field]
    if year := inherited.get("year"):
        if "year" not in found:
            found["year"] = year
            found["year_in_filename"] = ("no", *year[1:])
        elif found["year"][0] != year[0]:
            return
    if folders.event or folders.moment:
        _inherit_event(fields)


def _inherit_event(fields: NameFields) -> None:
    found, event, moment = fields.found, fields.folders.event, fields.folders.moment
    for field, entry in event.items():
        if field in found and found[field][0] != entry[0]:
            return
    for field, entry in event.items():
        found.setdefault(field, entry)
    if not moment:
        return
    if found.keys().isdisjoint(_MOMENT_FIELDS) or ("day" in moment and fields.value("day") == moment["day"][0]):
        for field, entry in moment.items():
            found.setdefault(field, entry)
