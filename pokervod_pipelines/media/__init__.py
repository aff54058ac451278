"""Media: what the archive's videos tell of themselves when they are opened, and pictures taken out of them.

``library`` (facts of a library's videos) and ``thumbnails`` are the room's face, ``probe`` looks at one file. Whatever
touches a video (``examine``, ``signs``, ``extents``, ``tracks``, ``picture``) runs in a child process (``child``) that
``reader`` and ``pool`` guard, because a broken file may hang or crash the libraries that read it. ``store`` has the
SQL, ``shelf`` the pictures' files. What a name tells belongs to the catalog. Nothing is imported here, so that a child
starts with only what it uses.
"""
