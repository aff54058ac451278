"""Simulate broadcast days with injected faults, to find out what the detectors see of them, how soon, and what not.

It shares with the detectors only the shape of their facts: hands come, instructions are made, claimed and rendered,
files are read, processes live, and the facts of a moment are counted from that. What was injected is the truth.
"""
