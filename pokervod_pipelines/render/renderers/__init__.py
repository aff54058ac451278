"""Write the file of an instruction: ``local`` draws it here, ``nexrender`` has After Effects render it.

``job`` is their common interface. A renderer knows neither the queue nor the database; it writes one file (or one
folder of frames) at its target, reports progress, and raises a failure of ``render.failures`` that tells who can fix
it. ``render.outputs`` verifies the file, whoever rendered it.
"""
