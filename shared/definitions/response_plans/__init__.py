"""Plans 预案: which of them holds, what is wrong with a pack of them, and how it is read."""
