"""A worker: takes what waits, has it made, and says what came of it, until it is asked to stop.

``loop`` is the worker itself; ``ledger`` is its line to the database, which it keeps trying when the database is away;
``bell`` wakes it when work comes; ``place`` is one graphic at work with its limits of time. ``studio`` makes the files.
Nothing here knows Dagster: the command, the asset and the benchmark run the same worker.
"""
