"""Hold one file for each group of routes."""
