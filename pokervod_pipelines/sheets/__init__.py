"""Read annotation sheets, and match each row to the video it is about.

The way of a cell: ``workbook`` reads a file as tabs of text, ``headers`` finds the field of each column, ``rows`` makes
annotation rows, ``align`` gives each row the id it had before, ``match`` finds its video. What a row says about a hand
(timecodes, tags, players) is read in ``clips``; this room knows neither clips nor disks.
"""
