"""The rooms in their order: what a sync does, without knowing who runs it.

A stage calls one room and answers with an ``Outcome``. Dagster, a command or a test decides when and how often.
"""
