"""Tell programs and pages what happens as it happens: one reader of the event log, and as many streams as follow it.

``follower`` reads the log in a thread, ``messages`` makes the bytes of each event once for all, ``hub`` writes them to
the streams, ``opening`` lets one in. The bytes go straight to the connections: a stream has no task that copies them
and no queue but the buffer of its connection, which ends a stream that does not read.
"""
