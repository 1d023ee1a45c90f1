"""The audit trail: which records call for an entry, and the chain of hashes over the entries."""
