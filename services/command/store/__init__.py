"""SQL of the command service. The order of locks stands in unit_of_work/__init__.py."""
