"""The features of the console: a folder per subject with routes, queries, views and actions."""
