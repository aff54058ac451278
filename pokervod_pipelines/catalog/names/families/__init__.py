"""Read one family of names per file: recognise it, and read the shape that gives most of its fields at once.

A family is a function that takes a ``NameFields``, sets its fields and returns True, or returns False and
sets nothing. Families with a fixed shape have one compiled pattern over the prepared text, so letter case and kind of
separator never matter; titles use the rules in ``facts`` instead. ``rules`` has the order of families.
"""
