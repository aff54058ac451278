"""Check what a week has to show: one file for each kind of criterion in ``kinds``, what they share beside it.

``base`` defines and checks a criterion, ``result`` holds what it returns, ``context`` all that it may touch.
"""
