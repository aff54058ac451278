"""The renderer that draws here: broadcast graphics with Pillow, encoded by PyAV, in child processes.

``drawing`` says what each frame looks like, and is pure: the verifier of ``render.outputs`` calls it too. ``content``
reads what is to be shown, ``compositions`` lay it out, ``canvas`` and ``cards`` put it into pixels with ``fonts`` from packages.
``encode`` writes the frames, ``child`` does so in a process of its own, ``renderer`` watches over these.
"""
