"""Run a render worker: claim jobs, render them, and record the results, until it is asked to stop.

``loop`` is the worker itself; ``database`` calls the database for it and wakes it; ``running`` follows one running job
with its time limits. ``pipeline`` renders and verifies files. ``run`` puts them together. Nothing here knows Dagster:
the command, the asset and the benchmark run the same worker.
"""
