"""Hold the words of the trade as data: tables only, no code that decides.

Add an alias here when people write a known thing in a new way. A new *shape* of name is a rule in ``families`` or
``facts``. Keys are lower case with every separator as one space, the way ``prepare`` hands names to the rules.
"""
