"""The rollout: a programme of weeks, each done only when its criteria hold, from plan to final report.

``plan`` reads what is to be done, as data; ``criteria`` say whether it is done, one file a kind; ``fixers`` mend what
may be mended without a person. ``programme`` goes from week to week, waits, tries again and escalates; its state is in
the database (``store``), as ``record`` describes it. ``interventions`` are what people do to it, and ``report`` tells
how far it is and what happened.
"""
