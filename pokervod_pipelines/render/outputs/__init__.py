"""What becomes of a graphic once it is made: where it goes, whether it is what was asked for, that it is still there.

``paths`` names its place, ``publish`` moves it there whole, ``verify`` decodes it and compares it with its instruction
(in a child process, by ``verifier``), ``audit`` looks after it later. Nothing here knows the queue or the database.
"""
