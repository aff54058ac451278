"""PokerVOD pipelines: what is on the archive's disks, what each file shows, and which stretch shows which hand.

The rooms, in the order in which they may know each other (an arrow never points back):

- ``errors``, ``settings``: the exception tree; typed settings from ``pokervod.yaml`` and the environment
- ``child_process``: what every child process of ours does first
- ``db``: the PostgreSQL server, engine, tables and migrations
- ``events``: the append-only log of every change
- ``nas``, ``media``, ``catalog``, ``sheets``, ``clips``, ``hands``, ``tournaments``, ``render``, ``alerts``: they meet
  in the database, never in an import
- ``workflows``: the rooms in their order, as one sync
- ``rollout``: the programme of weeks that brings the services into production
- ``defs`` and ``definitions``: the thin Dagster layer, the only place that imports Dagster
- ``sample``: a made-up archive to try everything on
- ``cli``: the ``pokervod`` command

This module imports nothing, so that every room can be used without the others.
"""
