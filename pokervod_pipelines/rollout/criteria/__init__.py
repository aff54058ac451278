"""Check what a week has to show: a class for each kind of criterion in ``kinds``, what they share beside it.

``base`` defines and checks a criterion, ``result`` says why one failed.
"""
