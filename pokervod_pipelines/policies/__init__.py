"""Decide how often and how long to retry, in one place for every room."""
