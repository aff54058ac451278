"""Keep all SQL of the inventory: ``staging`` (what a scan saw), ``files`` (the rows it changes), ``scans``, ``scope``.

Every function takes an open connection and leaves the transaction to its caller.
"""
