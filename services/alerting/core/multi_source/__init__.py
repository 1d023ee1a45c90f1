"""Rules over several sources: composites and corroboration, decided per region."""
