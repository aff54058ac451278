"""Keep an inventory of the files on the archive's disks that survives renames and lost mounts.

A scan goes ``scan`` (walk) → ``store.staging`` (set against set) → ``moves``, ``losses`` (pure decisions) →
``store.files`` (rows and events), in the order of ``library_scan``. What a name means to a viewer belongs to the
catalog. Nothing is imported here, so that a command pays only for what it uses.
"""
