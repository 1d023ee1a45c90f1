"""Pure: evidence and decisions in, the next state of an alert or a refusal with its reason out."""
