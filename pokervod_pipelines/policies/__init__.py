"""Decide how long to wait before a retry, for every room."""
