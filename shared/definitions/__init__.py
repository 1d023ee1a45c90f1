"""Definitions that operators write as YAML: rules, response plans, call plans."""
