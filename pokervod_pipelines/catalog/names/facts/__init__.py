"""One fact per file: where in a name it stands, what it means, and what looks like it but is not.

A fact is a function that reads prepared words and tells a ``Reading`` what it found. Which facts a family of names
asks, and in which order, stands in ``rules``; words that mean something stand in ``vocabulary``.
"""
