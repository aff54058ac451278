"""Detect anomalies: facts of one moment, and a pure function of each kind: what is wrong, or why it cannot judge."""
