"""The subjects of calls: one module for each kind of record that may cause calls or end them."""
