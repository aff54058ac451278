"""Messages to people: what is the matter, told once on each channel, however often it is said and whatever breaks.

Who has something to say calls ``raising.raise_alert`` in its own transaction, which only writes; ``delivery`` sends
what is due, over apprise, whenever somebody calls it. What is worth an alert is the business of who raises it.
"""
