"""How people are called: the operator's settings, read and checked."""
