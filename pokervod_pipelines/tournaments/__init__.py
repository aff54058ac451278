"""The tournament system's CSV exports: what they say, its history, and what happened by it.

Reading knows no database: ``files`` (bytes that may still be written) → ``table`` (cells with their lines) → ``kinds``
(which export it is) → ``rows`` (``records``, by ``cells``). ``imports`` brings records to the ``store`` in one
transaction a file; ``queries`` answers what graphics ask. What becomes of an elimination is the render room's business.
"""
