"""Render graphics on this machine: drawn with Pillow, encoded by PyAV, in child processes.

``drawing`` draws each frame and is pure: the verifier of ``render.outputs`` calls it too. ``content`` reads what to
show, ``compositions`` lay it out, ``canvas`` and ``cards`` draw it with ``fonts`` from packages. ``encode`` writes the
frames, ``child`` does so in its own process, ``renderer`` supervises the children.
"""
