"""Alert people: each alert once on each channel, however often it is raised and whatever breaks.

``lifecycle.raise_alert`` only writes, in the caller's own transaction; ``delivery`` sends what is due, over apprise,
whenever it is called. The rooms that raise alerts decide what is worth one.
"""
