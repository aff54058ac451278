"""Import the CSV exports of the tournament system, keep their history, and append what happened as events.

Reading needs no database: ``files`` (bytes that may still be written) → ``table`` (cells with their lines) →
``kinds`` (which export it is) → ``rows`` (``records``, by ``cells``). ``imports`` writes records to the ``store`` in
one transaction per file; ``queries`` answers what graphics and pages need. The render room decides what an
elimination triggers.
"""
