"""Block C: the stretch of a video that shows one hand, and what people say about it.

Each file reads one kind of cell text into values: ``timecode`` the stretch, ``grades`` the stars, ``tags`` the
labels, ``players`` the people, ``hole_cards`` the hands. None of them knows where the text came from.
"""
