"""Documents of limits as YAML files, read and checked."""
