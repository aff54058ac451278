"""Block D: what people wrote about the videos, read from annotation sheets and tied to the files they mean.

The way of a cell: ``workbook`` reads a file as tabs of text, ``headers`` says which column is what, ``rows`` makes
annotation rows of it, ``align`` gives each row the identity it had before, ``match`` finds the video it speaks of.
What a row says about a hand (timecodes, tags, players) is read in ``clips``; this room knows neither clips nor disks.
"""
