"""All SQL of the inventory: ``look`` (what a scan saw), ``files`` (the rows it changes), ``scans``, ``decisions``.

Every function takes an open connection and leaves the transaction to its caller. What to do with the answers is decided
in ``inventory`` and the pure modules.
"""
