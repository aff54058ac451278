"""Clips handed to editors: lists for editing programs (EDL, FCPXML, OTIO, CSV) and media cut from the videos.

Everything here takes records (``timeline.ExportClip``) and knows no database; which clips to export is asked elsewhere.
All arithmetic of frames is in ``frames``; a new list format is one module with one ``write_…`` function.
"""
