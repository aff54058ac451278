"""Keep what people hold and plan: things that the system leaves alone, and windows of work that mute them.

A hold keeps the system from beginning work on a thing; each room asks before it begins. A maintenance window keeps
nothing from running: what goes wrong meanwhile with its things alarms nobody.
"""
