"""Pure decisions: labels of records, findings in a snapshot, the hash chain of the trail."""
