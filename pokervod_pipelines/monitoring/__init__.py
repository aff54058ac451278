"""Check the data and the installation: what must hold, whether it does, and what to do where it does not."""
