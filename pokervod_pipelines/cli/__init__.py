"""The ``pokervod`` command: each file holds one room's commands, each command calls one public function of it.

What a command does belongs in its room; how it is shown to a person or a program belongs here. Rooms are imported
inside the commands, so that ``pokervod --help`` answers at once.
"""

from pokervod_pipelines.cli.app import main

__all__ = ["main"]
