"""Bring services into production week by week; a week is done only when its criteria pass.

``plan`` describes what to do, as data (``plan_file`` reads it); ``criteria`` check whether it is done;
``fixers`` fix what needs no person. ``runner`` runs the weeks, waits, retries and escalates; its state is in the
database (``store``), described by ``record``. ``handler`` joins a runner with the plan and the settings,
``interventions`` are the actions of people, and ``report`` shows progress and history.
"""
