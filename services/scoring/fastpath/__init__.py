"""The fast path of scoring: the same decisions in less time; README.md names what proves it."""
