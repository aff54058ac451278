"""Read videos: duration, frame rate, tracks, and thumbnails.

``library`` probes the videos of a library, ``thumbnails`` draws frames, ``clip_previews`` shows those of a sheet's
clips, ``store`` has the SQL. Whatever opens a video (``probe``, ``truncation``, ``tracks``, ``frames``) runs in a child
process, which ``reader`` calls, because a broken file may hang or crash the libraries that read it. Nothing is imported
here, so that a child starts with only what it uses.
"""
