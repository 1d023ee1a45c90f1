"""The reports of one incident as a series: changes between reports, and the order of numbers."""
