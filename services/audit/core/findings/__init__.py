"""Findings: the snapshot of a round, the faults in a snapshot, the confirmation of faults."""
