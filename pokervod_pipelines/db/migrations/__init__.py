"""The schema's history; ``migrate`` applies it."""
