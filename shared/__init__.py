"""What every service shares: the vocabulary (contracts) and thin platform code (runtime)."""
