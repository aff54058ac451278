"""One family of names per file: how to know it, and the shape that tells most of its fields at once.

A family is a function that takes a ``Reading``, tells it what the name says and returns True, or returns False and has
told nothing. Families with a fixed shape hold one compiled pattern over the prepared text, so letter case and kind of
separator never matter; titles ask the rules in ``facts`` instead. The order of families stands in ``rules``.
"""
