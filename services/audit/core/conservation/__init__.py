"""Conservation of records: the outcome of each record at each of its readers."""
