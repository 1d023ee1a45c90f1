"""Conservation of records: what became of each record that a reader has passed."""
