"""Tell how everything is that the system depends on, and repair what may be repaired."""
