"""Findings: the snapshot of a round, its faults, and their confirmation over several rounds."""
