"""Render with After Effects on other machines, through a nexrender server.

``renderer`` follows the protocol of ``renderers.job``. ``job_builder`` turns an instruction into the server's job;
``client`` talks to the server, behind the breaker of ``guard``; ``job_list`` reads its list once for all running jobs;
``nexrender_job`` takes one claim through the server, even if the server forgets it; ``states`` and ``node_errors``
read its answers; ``pickup`` copies the file from the farm's folder, which ``farm`` knows from both sides. ``checks``
finds in advance what would fail, ``cleanup`` removes what killed processes left. Where nexrender differs from its
documentation, the code that handles it says so.
"""
