"""Fix between two attempts what needs no person: one class for each kind of fixer.

A plan declares fixers, ``registry`` chooses them by the class of the error, and the settings limit what they may do.
Nothing here destroys: no kind drops, deletes or overwrites what it cannot restore, and no kind may be added that does.
A new kind is a ``Fixer`` class and a line in ``registry``.
"""
