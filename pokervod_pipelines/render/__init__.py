"""The graphics: what may be drawn, what asks for it, and the instructions that come of it.

``templates`` are data: named layers of typed values (``layers``). ``rules`` say which ``triggers`` make which graphic,
in expressions over the triggers' ``facts``; ``drafts`` fills them in, ``changes`` decides what becomes of instructions
that exist, and ``instructions`` does it in one transaction. ``person_csv`` lets a person ask for a graphic.
Hands and tournaments are known here only by their tables.
"""
