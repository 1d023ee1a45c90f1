"""The fast path of scoring: equal decisions in less time; README.md names the proofs."""
