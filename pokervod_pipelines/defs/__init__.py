"""The thin Dagster layer: assets, checks, jobs and schedules that call the rooms.

Business rules do not belong here; they are in the room of the same name. Assembly is in ``definitions``.
"""
