"""Tie a poker archive's disks, catalog, annotation sheets and RFID tables together: which file shows which hand.

The packages, in the order in which they may import each other (an import never points down this list):

- ``errors``: the exception tree
- ``problems``, ``actors``, ``subjects``, ``paging``, ``checks``: one shape for a problem, an actor, the thing that is
  spoken of, a page, the result of a check
- ``settings``, ``processes``, ``text``: typed settings from ``pokervod.yaml`` and the environment; supervised child
  processes; text folding and delimited files
- ``logs``: the log of each process
- ``db``: the PostgreSQL server, engine, schema and locks
- ``policies``, ``events``, ``decisions``: retries and breakers; the append-only log of every change; decisions
- ``holds``: what people keep the system from working on; maintenance windows
- ``nas``, ``media``, ``catalog``, ``sheets``, ``clips``, ``hands``, ``tournaments``, ``render``, ``alerts``,
  ``sample``, ``access``: the rooms; they meet in the database and never import each other
- ``workflows``: the rooms in their order, as stages
- ``monitoring``: checks, measures, health, detectors, incidents, and what is put right without a person
- ``rollout``: brings the services into production week by week
- ``defs`` and ``definitions``: the Dagster layer, the only place that imports Dagster
- ``cli``: the ``pokervod`` command

This module imports nothing, so that every room can be used without the others.
"""
