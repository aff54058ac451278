"""Make clips, the range of a video that shows one hand, from what people write about them: block C.

Each file parses one kind of cell: ``timecode`` the range, ``grades`` the stars, ``tags``, ``players``, ``hole_cards``.
None of them knows where the text came from.
"""
