"""Find the rows of a library: those whose path is in its folder and in no other library's folder inside it."""

from dataclasses import dataclass
from typing import Any

from pokervod_pipelines.nas.scan import to_key
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import Library

IN_SCOPE = """
    f.root = :root and (:folder = '' or starts_with(f.path_key, :folder || '/'))
    and not exists (select from unnest(cast(:pruned as text[])) p where starts_with(f.path_key, p || '/'))
"""
"""A condition on ``nas_files f``; its parameters are ``LibraryScope.parameters``."""

IS_CONFIGURED = """
    exists (select from unnest(cast(:roots as text[]), cast(:folders as text[])) as s(root, folder)
        where f.root = s.root and (s.folder = '' or starts_with(f.path_key, s.folder || '/')))
"""
"""A condition on a file ``f`` that a library of the settings contains; its parameters are those of ``list_scopes``."""


@dataclass(frozen=True, slots=True)
class LibraryScope:
    """Describe a library's part of its root; ``folder`` is '' for the root, ``pruned`` belongs to other libraries."""

    library: str
    root: str
    folder: str
    pruned: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what the SQL of this room binds."""
        return {"library": self.library, "root": self.root, "folder": self.folder, "pruned": list(self.pruned)}


def find_scope(settings: Settings, library: Library) -> LibraryScope:
    """Return the library's scope, by path and not by the name in its rows, so that a renamed library keeps them."""
    folder = _plain(library.folder)
    prefix = f"{folder}/" if folder else ""
    others = {
        _plain(other.folder)
        for other in settings.libraries
        if other.root == library.root and other.name != library.name
    }
    pruned = tuple(sorted(other for other in others if other and other != folder and other.startswith(prefix)))
    return LibraryScope(library.name, library.root, folder, pruned)


def list_scopes(settings: Settings) -> dict[str, Any]:
    """Return the libraries of the settings as SQL binds them: names, roots and folders in the same order."""
    scopes = [find_scope(settings, each) for each in settings.libraries]
    return {
        "libraries": [each.library for each in scopes],
        "roots": [each.root for each in scopes],
        "folders": [each.folder for each in scopes],
    }


def _plain(folder: str) -> str:
    return to_key("/".join(part for part in folder.split("/") if part not in {"", "."}))
