"""Report on a rollout: for chat, e-mail, a page and programs.

``figures`` computes every number (with ``times`` and ``forecast``) from the plan, the record and the present time;
``text`` writes them by one template in Markdown, from which the page is made, and ``as_json`` for programs.
"""
