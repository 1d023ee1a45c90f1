"""YAML files of definitions: nodes with lines, findings, models, terminal output."""
