"""Pages of an officer, and answers to them."""
