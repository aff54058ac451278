"""Export clips to editors: lists for editing programs (EDL, FCPXML, OTIO, CSV), and media cut from the videos.

Only ``collect`` reads the database; all else takes ``timeline.ExportClip``. All arithmetic of frames is
in ``frames``; a new list format is one module with one ``write_…`` function.
"""
