"""Those who make a file of an instruction: ``local`` draws it here, ``nexrender`` has After Effects draw it.

``job`` is what they all keep to. A renderer knows neither the queue nor the database; it writes one file (or one folder
of pictures) where it is told, says how far it is, and raises a failure of ``render.failures`` that tells who is at
fault. Whether the file shows what was asked for is judged by ``render.outputs``, whoever made it.
"""
