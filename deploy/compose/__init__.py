"""Docker: the image, the one-shot set-up, and the generator of its secrets."""
