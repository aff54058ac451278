"""Measure this machine: one module a subject, each printing rows as it measures them."""
