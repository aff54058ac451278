"""Write and read the logs of every process: ``.pokervod/logs/PROCESS.log``.

Rooms write by ``logging.getLogger(__name__)``, whose name tells the room, and know nothing of this package but
``bind``, which names the run and the request that lines belong to. A process that begins calls ``start_log`` once.

What is worth a line at INFO: begin and end of a stage, a sensor's request, a retry, a restart, a breaker; nothing per
file. Who changed what is in the event log and the audit trail, which are never deleted by size.
"""
