"""Find the project, season, event and episode of every video, and its title: block B, the catalog.

``names`` parses file names; everything else here stores and shows the result. Neither the disks (``nas``) nor the
annotations (``sheets``) are known here.
"""
