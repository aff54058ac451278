"""Handle rendered files: name their paths, verify them against their instruction, publish and audit them.

``paths`` names the path, ``publish`` moves a file there whole, ``verify`` decodes it and compares it with its
instruction (in a child process, by ``verifier``), ``audit`` checks it later. Only ``store`` knows the database.
"""
