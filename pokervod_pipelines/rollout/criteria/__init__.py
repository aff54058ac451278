"""Check what a week has to show: a class for each kind of criterion in ``kinds``, what they share beside it.

``base`` defines and checks a criterion, ``result`` makes what it returns, ``context`` has all that it may touch.
"""
