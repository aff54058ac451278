"""Measure the figures that the system promises, each against its target, from what the database has."""
