"""The only place that talks to Postgres: one file per kind of table."""
