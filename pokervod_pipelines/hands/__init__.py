"""Block C: a hand as a table recorded it, made into what an operator, a graphic and the outside world need.

``pgfx`` reads a session file into ``records``; ``snapshots`` merges the growing files of a session; ``build`` makes a
``hand`` of a record through ``actions``, ``pots``, ``winners``, ``evaluation`` and ``grade``; ``replay`` plays it by
the rules; ``phh`` exchanges it; ``show`` prints it. What is doubtful about a hand is a finding, not a failure.

``inbox`` looks into the drop folders; ``imports`` stores what files tell (``opened`` and ``readers`` read them,
``tellings`` is what they say, ``choice`` which telling wins, ``quarantine`` where the others go); ``replays`` asks the
rules about stored hands; ``listing`` shows them; ``moments`` knows which clip shows which. SQL is in the ``…store``
files and in ``listing``.
"""
