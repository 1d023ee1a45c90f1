"""The command service: alerts come in; commands, assignments and supervision calls go out."""
