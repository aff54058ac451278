"""What a week has to show: one file a kind in ``kinds``, what they share beside it.

``base`` says what a criterion is and examines one, ``evidence`` what it answers, ``world`` all that it may touch.
"""
