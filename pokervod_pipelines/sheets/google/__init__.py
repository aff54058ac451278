"""Read and write sheets at Google: the one place that calls Google's services, behind the protocol of a workbook file.

The way of a call: ``workbook`` or ``client`` asks, ``transport`` waits for the ``budget`` that all processes share,
sends the request and retries it as ``responses`` classifies the answer; what only a person can fix is explained by
``errors``. What the cells mean belongs outside. Nothing here imports gspread or google-auth before the first client is
made.
"""
