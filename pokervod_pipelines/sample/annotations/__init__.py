"""Create the annotation workbooks of the sample: rows about its videos, and rows that are wrong on purpose.

One module a workbook; what a hand's note says is made in ``notes``, how many notes are wrong and how in ``faults``.
"""
