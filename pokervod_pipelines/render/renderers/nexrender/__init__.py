"""After Effects on other machines, reached through a nexrender server.

``renderer`` keeps to the protocol of ``renderers.job`` and knows only the order of steps. An instruction becomes the
server's job in ``orders``; ``client`` speaks to the server and ``board`` asks it once for all jobs in flight;
``errand`` takes one claim through it, whatever the server forgets; ``states`` and ``complaints`` read what it says;
``pickup`` brings the file from the farm's folder, whose two views ``farm`` knows. ``faults`` says beforehand what would
go wrong, ``leftovers`` clears up after processes that were killed. What nexrender does unlike its documentation is
written where it is handled.
"""
