"""Block A: what is on the archive's disks, kept as an inventory that survives renames and lost mounts.

``inventory`` is the room's face. A scan goes ``scan`` (walk) → ``store.look`` (set against set) → ``moves``, ``losses``
(pure decisions) → ``store.files`` (rows and events), put in order by ``library_scan``. What a name means to a viewer
belongs to the catalog. Nothing is imported here, so that a command pays only for what it uses.
"""
