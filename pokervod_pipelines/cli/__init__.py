"""Define the ``pokervod`` command: each file has one room's commands, each command calls one public function of it.

A command decides what is shown to a person or a program; the work belongs in its room. ``loading`` imports a file only
when one of its commands is called, so a file may import its room at the top; only what takes a large part of a second
(Dagster, av, pokerkit) is imported inside the one command that needs it.
"""

from pokervod_pipelines.cli.app import main

__all__ = ["main"]
