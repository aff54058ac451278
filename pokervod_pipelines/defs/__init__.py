"""Define assets, checks, jobs, sensors and schedules that call the rooms.

Business rules belong in the room of the same name. ``assembly`` puts everything together.
"""
