"""Fixers: what may be mended without a person between two attempts at a week, one file a kind.

A fixer is declared in the plan, chosen by the class of the error (``choice``), and does only what the settings allow
(``rights``). Nothing here destroys: no kind drops, deletes or overwrites what it cannot give back, and no kind may be
added that does. A new kind is a file with a ``Fixer`` and a line in ``registry``.
"""
