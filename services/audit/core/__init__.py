"""Pure judgement: what a record counts as, what is wrong with a snapshot, whether the chain holds."""
