"""The first screen of a centre."""
