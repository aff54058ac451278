"""What a programme has come to, counted and told: for chat, e-mail, a page, and for machines.

``figures`` counts (with ``times``, ``results``, ``recoveries`` and ``forecast``); ``markdown``, ``html`` and
``as_json`` tell the same figures; ``escalation`` is the message for a week that needs a person. Everything here is a
pure function of the plan, the record and the present moment; nothing here sends, stores or decides.
"""
