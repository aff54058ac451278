"""Render graphics: templates, triggers and rules, the instructions made of them, the queue, and the files.

``templates`` are data: named layers of typed values (``layers``). ``rules`` say which ``triggers`` make which graphic,
in expressions over the triggers' ``facts``; ``drafts`` fills them in, ``changes`` plans what happens to stored
instructions, and ``instructions`` applies it in one transaction. ``person_csv`` and ``enqueue`` read and enqueue the
requests of people, ``actions`` retry, cancel, remake and prioritise.

``queue`` dispatches instructions to workers and records the results; ``states`` defines the transitions, ``failures``
whose fault a failure is, ``pauses`` and ``workers`` which worker may claim what. ``worker`` is the worker,
``renderers`` render files, ``outputs`` verifies, publishes and audits them.
Hands and tournaments are known here only by their tables.
"""
