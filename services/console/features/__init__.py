"""The features of the console: one folder per subject with its routes, queries, views and actions."""
