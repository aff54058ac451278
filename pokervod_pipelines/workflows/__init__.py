"""Run the rooms in their order, as stages that return a ``StageResult``.

Dagster, a command or a test decides when and how often a stage runs.
"""
