"""All SQL on the tables of other services. It only reads; a renamed table or column fails here."""
