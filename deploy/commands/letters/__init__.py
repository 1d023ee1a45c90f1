"""`fenghuo letters`: dead letters are listed, shown, corrected, replayed and set aside."""
