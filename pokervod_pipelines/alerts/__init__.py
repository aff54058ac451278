"""Alert people: each message once on each channel, however often it is posted and whatever breaks.

``posting`` only writes, in the caller's own transaction; ``delivery`` sends what is due, over apprise, whenever it is
called. What lasts is an incident (``monitoring.incidents``), whose messages ``monitoring.incidents.announcing`` posts.
"""
