"""The projector: it writes what the screens read, and could be a process of its own."""
