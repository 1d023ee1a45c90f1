"""Pure decisions: evidence and decisions in, the changed alert or a refusal with its reason out."""
