"""A case on paper: one dossier (core/cases/dossier.py) as one HTML file or as PDF."""
