"""Answer people and programs over HTTP: each route calls the function of the room that commands and schedules call.

``app`` puts it together, one file per group of routes; ``server`` listens.
"""
