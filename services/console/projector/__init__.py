"""The projector: writes the tables of the screens, and could be a process of its own."""
