"""Reaching people: alerts, assignments and supervision come in, pages to duty officers go out."""
