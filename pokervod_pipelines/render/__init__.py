"""The graphics: what may be drawn, what asks for it, the instructions that come of it, and their files.

``templates`` are data: named layers of typed values (``layers``). ``rules`` say which ``triggers`` make which graphic,
in expressions over the triggers' ``facts``; ``drafts`` fills them in, ``changes`` decides what becomes of instructions
that exist, and ``instructions`` does it in one transaction. ``person_csv`` lets a person ask for a graphic, ``actions``
are what people do with those that exist.

``queue`` gives instructions to workers and takes what came of them; ``states`` says what may follow on what,
``failures`` whose fault a failure is, ``pauses`` and ``crew`` who is given what, ``rescue`` puts back what is lost.
``worker`` works, ``renderers`` make files, ``outputs`` compares, places and looks after them.
Hands and tournaments are known here only by their tables.
"""
