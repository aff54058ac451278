"""Report on a rollout: for chat, e-mail, a page and programs.

``figures`` computes every number (with ``times`` and ``forecast``); ``markdown``, ``html`` and ``as_json`` write the
same figures; ``escalation`` is the message for a week that needs a person. Everything is a pure function of the plan,
the record and the present time.
"""
