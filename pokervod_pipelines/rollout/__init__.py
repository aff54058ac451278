"""Bring services into production week by week; a week is done only when its criteria pass.

``plan`` describes what to do, as data (``plan_file`` reads it); ``criteria`` check whether it is done; ``fixers`` fix
what needs no person; ``context`` has all that both may touch. ``rollout`` joins a plan with the settings; ``runner``
runs its weeks, waits, retries and escalates. Its state is in the database (``store``), described by ``record`` and
fitted to the plan by ``alignment``. ``interventions`` are the actions of people, and ``report`` shows progress and
history.
"""
