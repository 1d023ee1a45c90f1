"""All SQL on the tables of other services; only reads. A renamed table or column fails here."""
