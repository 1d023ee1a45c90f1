"""Tables that the projector writes, and how it writes them."""
