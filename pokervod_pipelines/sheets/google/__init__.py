"""Sheets at Google: the one place that speaks to Google's services, behind the same protocol as a workbook file.

The way of a call: ``workbook`` or ``client`` asks, ``transport`` waits its turn in the ``budget`` that all processes
share, sends, and has the answer judged by ``verdicts``; what only a person can mend is put in words by ``complaints``.
What the cells mean belongs outside. Nothing here imports gspread or google-auth before the first client is made.
"""
