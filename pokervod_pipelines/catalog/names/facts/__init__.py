"""Read one fact per file: its place in a name, its meaning, and what only looks like it.

A fact is a function that reads prepared words and sets fields of a ``NameFields``. ``rules`` lists the facts of each
family in their order; ``vocabulary`` has the words.
"""
