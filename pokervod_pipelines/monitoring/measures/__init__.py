"""Measure what runs: graphics, hands, sources, jobs, memory and disks; over any window, and as a history."""
