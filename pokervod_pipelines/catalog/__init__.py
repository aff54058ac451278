"""Block B, the catalog: which project, season, event and episode a video file belongs to, and under what title.

``names`` reads file names, everything else here stores and shows what was read. What is on the disks is the
business of ``nas``, what annotators wrote that of ``sheets``: this room knows neither of them.
"""
